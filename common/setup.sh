#!/bin/sh
# (being written) prints where the libraries are, for the Makefile
[ "$1" = --libraries ] || exit 1
echo "LIBRARY_CFLAGS := $(pkg-config --cflags jansson libuv md4c cmocka 2>/dev/null)"
echo "JANSSON := $(pkg-config --libs jansson)"
echo "LIBUV := $(pkg-config --libs libuv)"
echo "MD4C := $(pkg-config --libs md4c)"
echo "CMOCKA := $(pkg-config --libs cmocka 2>/dev/null)"
