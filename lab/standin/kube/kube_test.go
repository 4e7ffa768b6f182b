package kube_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"rancher-ha.test/standin/kube"
	"rancher-ha.test/standin/kube/kubetest"
)

func TestOfManyWhoMakeASecretAllReadTheSame(t *testing.T) {
	api := kubetest.Start(t, nil)
	var group sync.WaitGroup
	read := make([]string, 8)
	for i := range read {
		group.Go(func() {
			secret, err := api.Client.EnsureSecret(t.Context(), "n", "s", func() (kube.Object, error) {
				return kube.Secret("n", "s", "Opaque", map[string][]byte{"k": {byte('a' + i)}}), nil
			})
			if err != nil {
				t.Error(err)
			}
			read[i] = string(secret.SecretValue("k"))
		})
	}
	group.Wait()
	for _, value := range read {
		if value == "" || value != read[0] {
			t.Fatalf("they read different secrets: %q", read)
		}
	}
}

func TestAnIssuedCertificateIsValidForItsNamesUnderItsAuthority(t *testing.T) {
	authority, err := kube.NewAuthority("ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := kube.Issue(authority, time.Hour, "rancher.test", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := pair.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	for _, name := range []string{"rancher.test", "127.0.0.1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "other.test"}); err == nil {
		t.Error("it is valid for a name it was not issued for")
	}
}

func TestDefinitionsAreMadeOnceAndWaitedFor(t *testing.T) {
	api := kubetest.Start(t, nil)
	wanted := []kube.Definition{{Group: "g.test", Version: "v1", Kind: "Thing", Plural: "things"}}
	for range 2 {
		if err := api.Client.EnsureDefinitions(t.Context(), wanted); err != nil {
			t.Fatal(err)
		}
	}
	if writes := api.Writes(); len(writes) != 1 {
		t.Errorf("expected one write, got %v", writes)
	}
}

func TestAServerThatAsksToComeBackLaterIsAskedAgain(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.Write([]byte(`{"kind":"Setting"}`))
	}))
	defer server.Close()
	var read kube.Object
	if err := kube.New(server.URL, server.Client()).Get(t.Context(), "/apis", &read); err != nil {
		t.Fatal(err)
	}
	if asked != 2 || read["kind"] != "Setting" {
		t.Fatalf("asked %d times, read %v", asked, read)
	}
}
