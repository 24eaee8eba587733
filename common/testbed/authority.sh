#!/bin/sh
# Makes the workbook's own certificate authority, and a certificate for this machine, into a folder:
#
#   sh common/testbed/authority.sh build/authority
#
#   authority.pem               whom to trust: clients are given this file
#   localhost.pem localhost.key what a server shows, and how it proves that it is its own
#
# Nobody's system trusts it, and the authority's own key is thrown away: nothing more can be signed.
set -eu
folder=$1
mkdir -p "$folder"
work=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"
}

cat >"$work/options" <<'END'
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
END

{
    key authority
    openssl req -new -key "$work/authority.key" -subj '/CN=The workbook, for this machine only' \
        -out "$work/authority.csr"
    openssl x509 -req -in "$work/authority.csr" -key "$work/authority.key" -days 3650 \
        -extfile "$work/options" -extensions authority -out "$work/authority.pem"

    key localhost
    openssl req -new -key "$work/localhost.key" -subj /CN=localhost -out "$work/localhost.csr"
    openssl x509 -req -in "$work/localhost.csr" -CA "$work/authority.pem" \
        -CAkey "$work/authority.key" -CAcreateserial -days 3650 -extfile "$work/options" \
        -extensions server -out "$work/localhost.pem"
} >"$work/log" 2>&1 || {
    printf 'authority.sh: openssl did not make the certificates:\n' >&2
    tail -n 3 "$work/log" >&2
    exit 1
}
mv "$work/authority.pem" "$work/localhost.pem" "$work/localhost.key" "$folder/"
