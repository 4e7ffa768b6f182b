package kube

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"time"
)

const year = 365 * 24 * time.Hour

// Pair is a certificate and its key, both as PEM.
type Pair struct{ Certificate, Key []byte }

// NewAuthority makes a certificate authority that signs itself.
func NewAuthority(commonName string) (Pair, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName, Organization: []string{"stand-in"}},
		IsCA:    true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	return sign(template, 10*year, nil)
}

// Issue makes a server's certificate for names (host names or addresses), signed by authority.
func Issue(authority Pair, lifetime time.Duration, names ...string) (Pair, error) {
	if len(names) == 0 {
		return Pair{}, errors.New("a certificate needs a name")
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return sign(template, lifetime, &authority)
}

// Leaf is the first certificate of the pair.
func (p Pair) Leaf() (*x509.Certificate, error) {
	block, _ := pem.Decode(p.Certificate)
	if block == nil {
		return nil, errors.New("no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

// PairOf reads tls.crt and tls.key of a Secret.
func PairOf(secret Object) Pair {
	return Pair{Certificate: secret.SecretValue("tls.crt"), Key: secret.SecretValue("tls.key")}
}

// sign makes a key and a certificate; without an authority the certificate signs itself.
func sign(template *x509.Certificate, lifetime time.Duration, authority *Pair) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return Pair{}, err
	}
	template.NotBefore = time.Now()
	if authority == nil {
		// An hour back: the clocks of the nodes differ. cert-manager, which signs, does not go back.
		template.NotBefore = template.NotBefore.Add(-time.Hour)
	}
	template.NotAfter = time.Now().Add(lifetime)

	issuer, signer := template, crypto.Signer(key)
	if authority != nil {
		parsed, err := tls.X509KeyPair(authority.Certificate, authority.Key)
		if err != nil {
			return Pair{}, err
		}
		issuer, signer = parsed.Leaf, parsed.PrivateKey.(crypto.Signer)
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		return Pair{}, err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}),
	}, nil
}
