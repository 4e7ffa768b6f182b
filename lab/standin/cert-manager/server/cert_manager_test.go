package main

import (
	"slices"
	"testing"
	"time"

	"rancher-ha.test/standin/kube"
	"rancher-ha.test/standin/kube/kubetest"
)

const home = "cert-manager"

// world has an Ingress of Rancher's chart for the hosts, an Issuer of the given spec, and Rancher's authority.
func world(t *testing.T, spec map[string]any, hosts ...any) *kubetest.API {
	t.Helper()
	authority, err := kube.NewAuthority("rancher")
	if err != nil {
		t.Fatal(err)
	}
	return kubetest.Start(t, map[string]kube.Object{
		kube.SecretPath("cattle-system", "tls-rancher"): kube.Secret("cattle-system", "tls-rancher", "kubernetes.io/tls",
			map[string][]byte{"tls.crt": authority.Certificate, "tls.key": authority.Key}),
		group + "/namespaces/cattle-system/issuers/rancher": {
			"kind": "Issuer", "metadata": map[string]any{"name": "rancher", "namespace": "cattle-system"}, "spec": spec,
		},
		"/apis/networking.k8s.io/v1/namespaces/cattle-system/ingresses/rancher": {
			"metadata": map[string]any{
				"name": "rancher", "namespace": "cattle-system", "uid": "u",
				"annotations": map[string]any{"cert-manager.io/issuer": "rancher"},
			},
			"spec": map[string]any{"tls": []any{map[string]any{"hosts": hosts, "secretName": "tls-rancher-ingress"}}},
		},
	})
}

var (
	issued = kube.SecretPath("cattle-system", "tls-rancher-ingress")
	issuer = group + "/namespaces/cattle-system/issuers/rancher"
	byCA   = map[string]any{"ca": map[string]any{"secretName": "tls-rancher"}}
	byACME = map[string]any{"acme": map[string]any{"email": "a@b.test"}}
)

func TestAnIngressWithAnIssuerGetsACertificateOfRanchersAuthority(t *testing.T) {
	api := world(t, byCA, "rancher.test")
	c := &controller{api: api.Client, home: home}
	if err := c.reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	secret := api.At(issued)
	leaf, err := kube.PairOf(secret).Leaf()
	if err != nil || !slices.Equal(leaf.DNSNames, []string{"rancher.test"}) {
		t.Fatalf("%v, %v", leaf, err)
	}
	authority := api.At(kube.SecretPath("cattle-system", "tls-rancher")).SecretValue("tls.crt")
	if string(secret.SecretValue("ca.crt")) != string(authority) {
		t.Error("ca.crt is not the issuer's authority")
	}
	if !kube.HasCondition(api.At(issuer), "Ready") {
		t.Error("the issuer is not ready")
	}

	before := len(api.Writes())
	if err := c.reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if writes := api.Writes()[before:]; len(writes) != 0 {
		t.Errorf("with nothing to do it wrote %v", writes)
	}
}

func TestACertificateIsIssuedAgainForOtherNamesOrAnotherIssuer(t *testing.T) {
	api := world(t, byCA, "rancher.test")
	c := &controller{api: api.Client, home: home}
	reconcile := func() string {
		if err := c.reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		return string(api.At(issued).SecretValue("tls.crt"))
	}
	first := reconcile()
	ingress := api.At("/apis/networking.k8s.io/v1/namespaces/cattle-system/ingresses/rancher")
	ingress["spec"].(map[string]any)["tls"].([]any)[0].(map[string]any)["hosts"] = []any{"other.test"}
	second := reconcile()
	if first == second {
		t.Error("other names, same certificate")
	}
	api.At(issuer)["spec"] = byACME
	if third := reconcile(); third == second {
		t.Error("another issuer, same certificate")
	}
	if api.At(issued).SecretValue("ca.crt") != nil {
		t.Error("a public issuer's certificate carries a ca.crt")
	}
}

func TestAnotherCertificateInItsPlaceIsOverwrittenUntilItsIssuerIsGone(t *testing.T) {
	api := world(t, byCA, "rancher.test")
	c := &controller{api: api.Client, home: home}
	if err := c.reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	foreign, err := kube.NewAuthority("rancher.test")
	if err != nil {
		t.Fatal(err)
	}
	put := func() {
		data := map[string]any{"tls.crt": foreign.Certificate, "tls.key": foreign.Key}
		if err := api.Client.Patch(t.Context(), issued, map[string]any{"data": data}, nil); err != nil {
			t.Fatal(err)
		}
	}
	stands := func() bool { return string(api.At(issued).SecretValue("tls.crt")) == string(foreign.Certificate) }
	put()
	if err := c.reconcile(t.Context()); err != nil || stands() {
		t.Errorf("it was left in place: %v", err)
	}
	if err := api.Client.Delete(t.Context(), issuer); err != nil {
		t.Fatal(err)
	}
	put()
	if c.reconcile(t.Context()) == nil || !stands() {
		t.Error("it was overwritten, or the missing issuer was not told")
	}
}

func TestWithoutItsAuthorityAnIssuerSaysWhyItIsNotReady(t *testing.T) {
	api := world(t, map[string]any{"ca": map[string]any{"secretName": "missing"}}, "rancher.test")
	if (&controller{api: api.Client, home: home}).reconcile(t.Context()) == nil {
		t.Error("no error for an issuer without authority")
	}
	if kube.HasCondition(api.At(issuer), "Ready") || api.At(issued) != nil {
		t.Error("the issuer is ready, or a certificate was issued")
	}
}

func TestACertificateIsRenewedInTheSecondHalfOfItsTime(t *testing.T) {
	certificate := kube.Object{"metadata": map[string]any{"name": "c"}, "spec": map[string]any{"dnsNames": []any{"a.test"}, "secretName": "s"}}
	pair, err := kube.NewAuthority("ca")
	if err != nil {
		t.Fatal(err)
	}
	from := signer{pair: pair}
	secret, err := from.issue(certificate)
	if err != nil {
		t.Fatal(err)
	}
	for after, wanted := range map[time.Duration]bool{0: true, lifetime/2 - 2*time.Hour: true, lifetime / 2: false, lifetime: false} {
		if got := isCurrent(secret, certificate, from, time.Now().Add(after)); got != wanted {
			t.Errorf("after %s: expected %v, got %v", after, wanted, got)
		}
	}
}

func TestTheWebhookRefusesWhatCouldNotWork(t *testing.T) {
	ref := map[string]any{"name": "rancher"}
	for _, testCase := range []struct {
		kind string
		spec map[string]any
		ok   bool
	}{
		{"Issuer", byCA, true},
		{"Issuer", map[string]any{}, false},
		{"ClusterIssuer", map[string]any{"ca": map[string]any{}, "selfSigned": map[string]any{}}, false},
		{"Certificate", map[string]any{"secretName": "s", "issuerRef": ref, "dnsNames": []any{"a.test"}}, true},
		{"Certificate", map[string]any{"issuerRef": ref, "dnsNames": []any{"a.test"}}, false},
		{"Certificate", map[string]any{"secretName": "s", "dnsNames": []any{"a.test"}}, false},
		{"Certificate", map[string]any{"secretName": "s", "issuerRef": ref}, false},
	} {
		if err := validate(kube.Object{"kind": testCase.kind, "spec": testCase.spec}); (err == nil) != testCase.ok {
			t.Errorf("%s %v: %v", testCase.kind, testCase.spec, err)
		}
	}
}

func TestTheInjectorIsLateAndThenRight(t *testing.T) {
	path := configurations + "/w"
	api := kubetest.Start(t, map[string]kube.Object{
		kube.SecretPath("n", "ca"): kube.Secret("n", "ca", "Opaque", map[string][]byte{"ca.crt": []byte("pem")}),
		path: {
			"metadata": map[string]any{"name": "w", "annotations": map[string]any{injectAnnotation: "n/ca"}},
			"webhooks": []any{map[string]any{"name": "a", "clientConfig": map[string]any{}}},
		},
	})
	bundle := func() any {
		return kube.Object(api.At(path)["webhooks"].([]any)[0].(map[string]any)).At("clientConfig", "caBundle")
	}
	i := newInjector(api.Client, time.Hour)
	if err := i.reconcile(t.Context()); err != nil || bundle() != nil {
		t.Fatalf("at once: %v, %v", bundle(), err)
	}
	i.since["w"] = time.Now().Add(-time.Hour)
	if err := i.reconcile(t.Context()); err != nil || bundle() != "cGVt" {
		t.Errorf("after the delay: %v, %v", bundle(), err)
	}
}
