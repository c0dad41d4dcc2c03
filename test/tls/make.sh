#!/bin/sh
# Makes the throwaway keys and certificates of the tests anew, in this folder. They protect nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

authority() { # name
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1-key.pem"
  openssl req -x509 -new -key "$work/$1-key.pem" -subj "/CN=tenon test $1" -days 36500 -out "$1.pem"
  mkdir "$work/$1"
  : > "$work/$1/index"
  echo 01 > "$work/$1/serial"
}

certificate() { # name, authority, CN, subject alternative name, end of validity
  openssl ecparam -name prime256v1 -genkey -noout -out "$1-key.pem"
  openssl req -new -key "$1-key.pem" -subj "/CN=$3" -out "$work/$1.csr"
  printf '[v3]\nbasicConstraints=CA:FALSE\n%s\n[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n' \
    "${4:+subjectAltName=$4}" "$work/$2" "$work/$2" "$work/$2" > "$work/$1.cnf"
  openssl ca -batch -notext -config "$work/$1.cnf" -extensions v3 -cert "$2.pem" -keyfile "$work/$2-key.pem" \
    -startdate 20200101000000Z -enddate "$5" -in "$work/$1.csr" -out "$1.pem"
}

end=21260101000000Z
authority ca
authority other-ca
certificate server ca server 'DNS:localhost,IP:127.0.0.1' $end
certificate renewed ca renewed 'DNS:localhost,IP:127.0.0.1' $end
certificate expired ca expired 'DNS:localhost,IP:127.0.0.1' 20200102000000Z
certificate elsewhere ca elsewhere 'DNS:elsewhere.example' $end
certificate greeter ca localhost 'URI:spiffe://acme/greeter' $end
certificate unnamed ca 'spiffe:\/\/acme\/admin' '' $end
certificate two-names ca two-names 'URI:spiffe://acme/greeter,URI:spiffe://acme/admin' $end
certificate stranger other-ca stranger 'DNS:localhost,IP:127.0.0.1,URI:spiffe://acme/admin' $end
