package main

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"slices"
	"time"

	"rancher-ha.test/standin/kube"
)

// wantedCertificates: one for each TLS entry of an Ingress that names an issuer; none for an Ingress that does not.
func wantedCertificates(ingress kube.Object) []kube.Object {
	issuer, kind := ingress.Text("metadata", "annotations", "cert-manager.io/issuer"), "Issuer"
	if issuer == "" {
		issuer, kind = ingress.Text("metadata", "annotations", "cert-manager.io/cluster-issuer"), "ClusterIssuer"
	}
	entries, _ := ingress.At("spec", "tls").([]any)
	if issuer == "" {
		entries = nil
	}
	var wanted []kube.Object
	for _, entry := range entries {
		tls := kube.Object(entry.(map[string]any))
		owner := map[string]any{
			"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": ingress.Name(),
			"uid": ingress.Text("metadata", "uid"), "controller": true, "blockOwnerDeletion": true,
		}
		wanted = append(wanted, kube.Object{
			"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
			"metadata": map[string]any{
				"name": tls.Text("secretName"), "namespace": ingress.Namespace(), "ownerReferences": []any{owner},
			},
			"spec": map[string]any{
				"secretName": tls.Text("secretName"), "dnsNames": tls["hosts"],
				"issuerRef": map[string]any{"name": issuer, "kind": kind, "group": "cert-manager.io"},
			},
		})
	}
	return wanted
}

// isCurrent says whether the Secret needs no new certificate: right names, right issuer, half its time ahead. Another
// certificate put in its place is not current, whatever it says.
func isCurrent(secret, certificate kube.Object, from signer, now time.Time) bool {
	leaf, err := kube.PairOf(secret).Leaf()
	if err != nil {
		return false
	}
	names := slices.Concat(leaf.DNSNames, addresses(leaf))
	half := leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	return sameSet(names, namesOf(certificate)) && now.Before(half) && (from.selfSigned || hasSigned(from.pair, secret, leaf))
}

func hasSigned(issuer kube.Pair, secret kube.Object, leaf *x509.Certificate) bool {
	authority, err := issuer.Leaf()
	return err == nil && bytes.Equal(secret.SecretValue(signerKey), issuer.Certificate) && leaf.CheckSignatureFrom(authority) == nil
}

func namesOf(certificate kube.Object) []string {
	var names []string
	for _, field := range []string{"dnsNames", "ipAddresses"} {
		listed, _ := certificate.At("spec", field).([]any)
		for _, name := range listed {
			names = append(names, name.(string))
		}
	}
	if common := certificate.Text("spec", "commonName"); len(names) == 0 && common != "" {
		names = append(names, common)
	}
	return names
}

func sameSet(one, other []string) bool {
	one, other = slices.Clone(one), slices.Clone(other)
	slices.SortFunc(one, cmp.Compare)
	slices.SortFunc(other, cmp.Compare)
	return slices.Equal(slices.Compact(one), slices.Compact(other))
}

// equal compares as JSON, where numbers and nested maps have one form.
func equal(one, other any) bool {
	left, errLeft := json.Marshal(one)
	right, errRight := json.Marshal(other)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
