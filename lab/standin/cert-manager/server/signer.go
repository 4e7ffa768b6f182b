package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"rancher-ha.test/standin/kube"
)

// signerKey keeps, beside the certificate, by whom it was signed; the real one keeps that in a CertificateRequest.
const signerKey = "standin-signer.crt"

// acmeAuthority is the Secret of the authority that plays Let's Encrypt.
const acmeAuthority = "acme-standin-ca"

// signer is what an Issuer comes down to.
type signer struct {
	pair kube.Pair
	// selfSigned: each certificate gets an authority of its own, which is then its ca.crt.
	selfSigned bool
	// public: clients are supposed to know the authority, so there is no ca.crt.
	public bool
}

func (c *controller) signerOf(ctx context.Context, certificate kube.Object) (signer, error) {
	name, kind := certificate.Text("spec", "issuerRef", "name"), certificate.Text("spec", "issuerRef", "kind")
	path := group + "/namespaces/" + certificate.Namespace() + "/issuers/" + name
	if kind == "ClusterIssuer" {
		path = group + "/clusterissuers/" + name
	}
	var issuer kube.Object
	if err := c.api.Get(ctx, path, &issuer); err != nil {
		return signer{}, fmt.Errorf("issuer %s: %w", name, err)
	}
	return c.signer(ctx, issuer)
}

// signer finds what the issuer signs with; its error is why the issuer is not ready.
func (c *controller) signer(ctx context.Context, issuer kube.Object) (signer, error) {
	namespace := issuer.Namespace()
	if namespace == "" {
		namespace = c.home
	}
	switch {
	case issuer.At("spec", "ca") != nil:
		return c.storedSigner(ctx, namespace, issuer.Text("spec", "ca", "secretName"))
	case issuer.At("spec", "selfSigned") != nil:
		return signer{selfSigned: true}, nil
	case issuer.At("spec", "acme") != nil:
		secret, err := c.api.EnsureSecret(ctx, c.home, acmeAuthority, func() (kube.Object, error) {
			pair, err := kube.NewAuthority("Stand-in of Let's Encrypt")
			data := map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key}
			return kube.Secret(c.home, acmeAuthority, "kubernetes.io/tls", data), err
		})
		return signer{pair: kube.PairOf(secret), public: true}, err
	default:
		return signer{}, errors.New("spec names neither ca, selfSigned nor acme")
	}
}

func (c *controller) storedSigner(ctx context.Context, namespace, name string) (signer, error) {
	var secret kube.Object
	if err := c.api.Get(ctx, kube.SecretPath(namespace, name), &secret); err != nil {
		return signer{}, fmt.Errorf("reading the CA in secret %s: %w", name, err)
	}
	pair := kube.PairOf(secret)
	authority, err := pair.Leaf()
	if err != nil || !authority.IsCA {
		return signer{}, fmt.Errorf("secret %s holds no CA", name)
	}
	return signer{pair: pair}, nil
}

// issue makes the Secret the certificate asks for.
func (s signer) issue(certificate kube.Object) (kube.Object, error) {
	names := namesOf(certificate)
	authority := s.pair
	if s.selfSigned {
		made, err := kube.NewAuthority(certificate.Name())
		if err != nil {
			return nil, err
		}
		authority = made
	}
	issued, err := kube.Issue(authority, lifetime, names...)
	if err != nil {
		return nil, err
	}
	data := map[string][]byte{"tls.crt": issued.Certificate, "tls.key": issued.Key, "ca.crt": authority.Certificate, signerKey: authority.Certificate}
	if s.public {
		data["tls.crt"] = append(issued.Certificate, authority.Certificate...)
		delete(data, "ca.crt")
	}
	secret := kube.Secret(certificate.Namespace(), certificate.Text("spec", "secretName"), "kubernetes.io/tls", data)
	secret["metadata"].(map[string]any)["annotations"] = map[string]any{
		"cert-manager.io/certificate-name": certificate.Name(),
		"cert-manager.io/issuer-name":      certificate.Text("spec", "issuerRef", "name"),
		"cert-manager.io/issuer-kind":      certificate.Text("spec", "issuerRef", "kind"),
	}
	return secret, nil
}

func addresses(leaf *x509.Certificate) []string {
	var texts []string
	for _, address := range leaf.IPAddresses {
		texts = append(texts, address.String())
	}
	return texts
}
