package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rancher-ha.test/standin/kube"
	"rancher-ha.test/standin/kube/kubetest"
)

func TestWhatAReleaseIsStandsInItsName(t *testing.T) {
	for text, wanted := range map[string]struct {
		minor, patch int
		fault, tag   string
	}{
		"v2.10.3":             {10, 3, "", "v0.6.3"},
		"2.11.4":              {11, 4, "", "v0.7.4"},
		"v2.11.4-crash":       {11, 4, "crash", "v0.7.4"},
		"v2.11.4-never-ready": {11, 4, "never-ready", "v0.7.4"},
		"v2.11.4-rewrites":    {11, 4, "rewrites", "v0.7.4"},
	} {
		got := parseVersion(text)
		if got.minor != wanted.minor || got.patch != wanted.patch || got.fault != wanted.fault || got.webhookTag() != wanted.tag {
			t.Errorf("%s: got %+v and %s", text, got, got.webhookTag())
		}
	}
}

func TestTheWebhooksImageIsThatOfTheReleaseUnlessATagIsGiven(t *testing.T) {
	release := parseVersion("v2.11.3")
	for given, wanted := range map[string]string{
		"rancher/rancher-webhook":                "rancher/rancher-webhook:v0.7.3",
		"rancher/rancher-webhook:v0.1.0":         "rancher/rancher-webhook:v0.1.0",
		"registry.test:5000/lab/rancher-webhook": "registry.test:5000/lab/rancher-webhook:v0.7.3",
	} {
		if got := webhookImage(given, release); got != wanted {
			t.Errorf("%s: expected %s, got %s", given, wanted, got)
		}
	}
}

func TestTheEnvironmentDecidesOverTheNameOfTheRelease(t *testing.T) {
	t.Setenv("RANCHER_VERSION", "v2.11.4-crash")
	if got := configure(nil).fault; got != "crash" {
		t.Errorf("by its name: %q", got)
	}
	t.Setenv("RANCHER_STANDIN_FAULT", "answers-500")
	if got := configure(nil).fault; got != "answers-500" {
		t.Errorf("by the environment: %q", got)
	}
}

func TestAReleaseThatCrashesEndsAtOnceAndWritesNothing(t *testing.T) {
	api := cluster(t, "chosen")
	replica(t, api, "v2.11.3")
	before := len(api.Writes())
	if err := serve(t.Context(), api.Client, configuration{version: parseVersion("v2.11.4-crash"), fault: "crash"}); err == nil {
		t.Error("it did not end with an error")
	}
	if writes := api.Writes()[before:]; len(writes) != 0 {
		t.Errorf("it wrote %v", writes)
	}
}

func TestAReleaseThatIsNeverReadyAnswersItsProbesWith503AndWritesNothing(t *testing.T) {
	api := cluster(t, "chosen")
	replica(t, api, "v2.11.3")
	before := len(api.Writes())
	release := parseVersion("v2.11.4-never-ready")
	r := &rancher{api: api.Client, config: configuration{version: release, namespace: home, fault: release.fault}}
	if _, err := r.open(t.Context(), http.NotFoundHandler(), make(chan error, 1)); err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, path := range []string{"/healthz", "/ping", "/v3"} {
		if status, _ := send(t, r, "GET", path, "", ""); status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, status)
		}
	}
	if writes := api.Writes()[before:]; len(writes) != 0 {
		t.Errorf("it wrote %v", writes)
	}
}

func TestAReleaseThatAnswers500IsReadyAllTheSame(t *testing.T) {
	r := replica(t, cluster(t, "chosen"), "v2.11.3")
	for _, fault := range []string{"answers-500", "rewrites"} {
		r.config.fault = fault
		for path, wanted := range map[string]int{"/healthz": 200, "/ping": 500, "/v3": 500} {
			if status, _ := send(t, r, "GET", path, "", ""); status != wanted {
				t.Errorf("%s: %s: expected %d, got %d", fault, path, wanted, status)
			}
		}
	}
}

func TestWhatAReleaseRewroteTheOneBeforeItDoesNotFindAndDoesNotStartWith(t *testing.T) {
	api := cluster(t, "chosen")
	older := replica(t, api, "v2.11.3")
	if err := older.storeSetting(t.Context(), "server-url", "https://ha.test"); err != nil {
		t.Fatal(err)
	}
	doomed := replica(t, api, "v2.11.4-rewrites")
	for range 2 { // each replica does it, and again after each of its deaths
		if err := doomed.rewrite(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if status, _ := login(t, older, "chosen"); status != 401 {
		t.Errorf("login at the release before: %d", status)
	}
	if url := api.At(management + "settings/server-url"); url.Text("value") != "" || url.Text("valueV2") != "https://ha.test" {
		t.Errorf("server-url is %v", url)
	}
	if err := older.checkFormat(t.Context()); err == nil || !strings.Contains(err.Error(), "v2.11.3") {
		t.Errorf("the release before starts with it: %v", err)
	}
	if err := doomed.checkFormat(t.Context()); err != nil {
		t.Errorf("the release itself does not start again: %v", err)
	}
}

func TestAReleaseThatRewroteItsDataDies(t *testing.T) {
	api := cluster(t, "chosen")
	r := replica(t, api, "v2.11.4-rewrites")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	cancel()
	r.rewriteThenDie(ctx, ended)
	select {
	case err := <-ended:
		t.Errorf("a replica that is stopped before says %v", err)
	default:
	}
	started := time.Now()
	doomedLife = 10 * time.Millisecond
	t.Cleanup(func() { doomedLife = 20 * time.Second })
	r.rewriteThenDie(t.Context(), ended)
	if err := <-ended; err == nil || time.Since(started) > 5*time.Second {
		t.Errorf("it ended with %v after %s", err, time.Since(started))
	}
}

// downstream is a Rancher of the current release and a token of its admin.
func downstream(t *testing.T) (*kubetest.API, *rancher, string) {
	api := cluster(t, "chosen")
	r := replica(t, api, "v2.11.3")
	_, token := login(t, r, "chosen")
	return api, r, token
}

func TestADownstreamClusterIsAnObjectWithANamespaceAndACredential(t *testing.T) {
	api, r, token := downstream(t)
	status, made := send(t, r, "POST", "/v3/clusters", token, `{"name":"shop","rancherKubernetesEngineConfig":{"kubernetesVersion":"v1.30"}}`)
	if status != 201 || made["state"] != "pending" {
		t.Fatalf("creating it: %d %v", status, made)
	}
	id := made["id"].(string)
	stored := api.At(management + "clusters/" + id)
	if stored.Text("spec", "rancherKubernetesEngineConfig", "kubernetesVersion") != "v1.30" || stored.Text("spec", "displayName") != "shop" {
		t.Errorf("stored is %v", stored)
	}
	if status, answer := send(t, r, "POST", "/v3/clusterregistrationtokens", token, `{"clusterId":"`+id+`"}`); status != 201 || answer["clusterId"] != id {
		t.Errorf("another credential: %d %v", status, answer)
	}
	if status, _ := send(t, r, "POST", "/v3/clusterregistrationtokens", token, `{"clusterId":"c-nobody"}`); status != 422 {
		t.Errorf("a credential of no cluster: %d", status)
	}
	if _, answer := send(t, r, "GET", "/v3/clusterregistrationtokens", token, ""); len(answer["data"].([]any)) != 2 {
		t.Errorf("its credentials: %v", answer["data"])
	}
	if status, _ := send(t, r, "DELETE", "/v3/clusters/"+id, token, ""); status != 204 {
		t.Errorf("deleting it: %d", status)
	}
	if api.At(management+"clusters/"+id) != nil || api.At("/api/v1/namespaces/"+id) != nil {
		t.Error("something of it is left")
	}
}

func TestAProvisionedClusterStandsForOneThatIsManaged(t *testing.T) {
	api, r, token := downstream(t)
	status, made := send(t, r, "POST", "/v1/provisioning.cattle.io.clusters", token, `{"metadata":{"name":"shop"},"spec":{"rkeConfig":{}}}`)
	if status != 201 {
		t.Fatalf("creating it: %d %v", status, made)
	}
	manages := kube.Object(made).Text("status", "clusterName")
	if !strings.HasPrefix(manages, "c-m-") || api.At(management+"clusters/"+manages).Text("spec", "displayName") != "shop" {
		t.Errorf("it stands for %q: %v", manages, api.At(management+"clusters/"+manages))
	}
	if api.At(provisioning+fleet+"/clusters/shop") == nil {
		t.Error("it is not stored")
	}
	if status, _ := send(t, r, "POST", "/v1/provisioning.cattle.io.clusters", token, `{"spec":{}}`); status != 422 {
		t.Errorf("without a name: %d", status)
	}
}
