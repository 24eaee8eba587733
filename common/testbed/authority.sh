#!/bin/sh
# Makes the workbook's own certificate authority, and a certificate for this machine, into a folder:
#
#   sh common/testbed/authority.sh build/authority
#
#   authority.pem               whom to trust: clients are given this file
#   localhost.pem localhost.key what a server shows, and how it proves that it is its own
#
# And what a client has to be wary of, for build/testbed --tls-hosts and for who asks it:
#
#   hosts/NAME.pem NAME.key     what each of its hosts shows: good, expired, not-yet, self-signed,
#                               wrong-host, unknown-ca, revoked, client, impostor
#   revoked.crl                 the certificates that the authority has called back
#   client.pem client.key       what a client shows to the host "client"
#   clients.pem                 whose clients that host believes: another authority than the first
#   localhost.pin good.pin      the public keys of these two, hashed as CURLOPT_PINNEDPUBLICKEY(3)
#                               wants them
#
# Nobody's system trusts it, and the authorities' own keys are thrown away: nothing more can be
# signed.
set -eu
folder=$1
mkdir -p "$folder"
work=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
NAMES=''
export WORK="$work" NAMES

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
}

cat >"$work/options" <<'END'
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $ENV::NAMES
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[own]
distinguished_name = any
[any]
[register]
database = $ENV::WORK/register
default_md = sha256
policy = policy
rand_serial = yes
[policy]
commonName = supplied
END
: >"$work/register"

authority() { # FILE NAME
    key "$1"
    openssl req -new -key "$work/$1.key" -subj "/CN=$2" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -key "$work/$1.key" -days 3650 \
        -extfile "$work/options" -extensions authority -out "$work/$1.pem"
}

# A certificate for who is called $NAMES.
certificate() { # FILE NAME AUTHORITY [USE]
    key "$1"
    openssl req -new -key "$work/$1.key" -subj "/CN=$2" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/$3.pem" -CAkey "$work/$3.key" \
        -CAcreateserial -days 3650 -extfile "$work/options" -extensions "${4:-server}" \
        -out "$work/$1.pem"
}

register() { # OPTION...: what the authority did is kept in a file
    openssl ca -batch -notext -config "$work/options" -name register \
        -cert "$work/authority.pem" -keyfile "$work/authority.key" "$@"
}

dated() { # FILE FROM UNTIL
    key "$1"
    openssl req -new -key "$work/$1.key" -subj "/CN=$1.localhost" -out "$work/$1.csr"
    register -startdate "${2}000000Z" -enddate "${3}000000Z" -outdir "$work" \
        -extensions server -in "$work/$1.csr" -out "$work/$1.pem"
}

signed_by_itself() { # FILE
    key "$1"
    openssl req -x509 -new -key "$work/$1.key" -subj "/CN=$1.localhost" -days 3650 \
        -config "$work/options" -section own -addext "subjectAltName=$NAMES" -out "$work/$1.pem"
}

pin() { # FILE
    openssl x509 -in "$work/$1.pem" -noout -pubkey | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | openssl base64 | sed 's:^:sha256//:' >"$work/$1.pin"
}

here() { # FILE: who asks for it by that name, as localhost or by its address is to find it
    NAMES="DNS:$1.localhost, DNS:localhost, IP:127.0.0.1, IP:::1"
}

make_all() {
    authority authority 'The workbook, for this machine only'
    authority stranger 'An authority that nobody was told of'
    authority clients 'The workbook, for clients'

    NAMES='DNS:localhost, IP:127.0.0.1, IP:::1'
    certificate localhost localhost authority
    pin localhost
    for name in good revoked client; do
        here "$name"
        certificate "$name" "$name.localhost" authority
    done
    mv "$work/client.pem" "$work/client-host.pem" # not to be taken for the client's own
    mv "$work/client.key" "$work/client-host.key"
    certificate client 'Ann, a client' clients client
    pin good
    here unknown-ca
    certificate unknown-ca unknown-ca.localhost stranger
    NAMES=DNS:elsewhere.test
    certificate wrong-host elsewhere.test authority
    here expired
    dated expired 20200101 20210101
    here not-yet
    dated not-yet 20900101 20910101
    for name in self-signed impostor; do
        here "$name"
        signed_by_itself "$name"
    done
    register -revoke "$work/revoked.pem"
    register -gencrl -crldays 3650 -out "$work/revoked.crl"
}

make_all >"$work/log" 2>&1 & # not as a condition: there a failure would not end it
wait $! || {
    printf 'authority.sh: openssl did not make the certificates:\n' >&2
    tail -n 3 "$work/log" >&2
    exit 1
}
mkdir -p "$folder/hosts"
for name in good expired not-yet self-signed wrong-host unknown-ca revoked impostor; do
    mv "$work/$name.pem" "$work/$name.key" "$folder/hosts/"
done
mv "$work/client-host.pem" "$folder/hosts/client.pem"
mv "$work/client-host.key" "$folder/hosts/client.key"
for name in client.pem client.key clients.pem revoked.crl localhost.pin good.pin authority.pem \
    localhost.key localhost.pem; do # the last is what make looks at
    mv "$work/$name" "$folder/"
done
