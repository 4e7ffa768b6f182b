package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rancher-ha.test/standin/kube"
	"rancher-ha.test/standin/kube/kubetest"
)

const home = "cattle-system"

// cluster is an API server with what stands before Rancher is installed.
func cluster(t *testing.T, bootstrapPassword string) *kubetest.API {
	objects := map[string]kube.Object{
		"/api/v1/namespaces/kube-system": {"metadata": map[string]any{"name": "kube-system", "uid": "some-uid"}},
	}
	if bootstrapPassword != "" {
		objects[kube.SecretPath(home, "bootstrap-secret")] =
			kube.Secret(home, "bootstrap-secret", "Opaque", map[string][]byte{"bootstrapPassword": []byte(bootstrapPassword)})
	}
	return kubetest.Start(t, objects)
}

// replica is one booted Rancher of the version.
func replica(t *testing.T, api *kubetest.API, release string) *rancher {
	t.Helper()
	version := parseVersion(release)
	r := &rancher{api: api.Client, config: configuration{version: version, namespace: home, webhookImage: webhookImage("webhook", version), fault: version.fault}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r.boot(ctx)
	if ctx.Err() != nil {
		t.Fatal("the replica did not boot")
	}
	r.ready.Store(true)
	return r
}

// send asks as the ingress would, and gives status and body.
func send(t *testing.T, r *rancher, method, path, bearer, body string) (int, map[string]any) {
	t.Helper()
	handler, closeLog, err := r.handler()
	if err != nil {
		t.Fatal(err)
	}
	defer closeLog()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("X-Forwarded-Proto", "https")
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	var decoded map[string]any
	json.Unmarshal(recorder.Body.Bytes(), &decoded)
	return recorder.Code, decoded
}

func login(t *testing.T, r *rancher, password string) (int, string) {
	t.Helper()
	body := fmt.Sprintf(`{"username":"admin","password":%q}`, password)
	status, answer := send(t, r, "POST", "/v3-public/localProviders/local?action=login", "", body)
	token, _ := answer["token"].(string)
	return status, token
}

func TestThreeReplicasAtOnceMakeOneAdminWhoseGeneratedPasswordWorksAndMustChange(t *testing.T) {
	api := cluster(t, "")
	replicas := make([]*rancher, 3)
	var group sync.WaitGroup
	for i := range replicas {
		group.Go(func() { replicas[i] = replica(t, api, "v2.11.3") })
	}
	group.Wait()

	var users kube.List
	if err := api.Client.Get(t.Context(), management+"users", &users); err != nil {
		t.Fatal(err)
	}
	if len(users.Items) != 1 || users.Items[0]["mustChangePassword"] != true {
		t.Fatalf("expected one admin who must change the password, got %v", users.Items)
	}
	password := string(api.At(kube.SecretPath(home, "bootstrap-secret")).SecretValue("bootstrapPassword"))
	for _, r := range replicas {
		if status, _ := login(t, r, password); status != http.StatusCreated {
			t.Errorf("login: %d", status)
		}
	}
}

func TestOnlyAGivenPasswordOtherThanAdminIsForGood(t *testing.T) {
	for password, mustChange := range map[string]bool{"admin": true, "chosen": false} {
		r := replica(t, cluster(t, password), "v2.11.3")
		user, err := r.findUser(t.Context(), "admin")
		if err != nil || user["mustChangePassword"] != mustChange {
			t.Errorf("%s: mustChangePassword is %v, %v", password, user["mustChangePassword"], err)
		}
	}
}

func TestASecondStartLeavesTheAdminAlone(t *testing.T) {
	api := cluster(t, "first")
	replica(t, api, "v2.11.3")
	delete(api.At(kube.SecretPath(home, "bootstrap-secret")), "data")
	before := len(api.Writes())
	r := replica(t, api, "v2.11.3")
	if writes := api.Writes()[before:]; len(writes) != 0 {
		t.Errorf("a second start wrote %v", writes)
	}
	if status, _ := login(t, r, "first"); status != http.StatusCreated {
		t.Errorf("login: %d", status)
	}
}

func TestAnUpgradeMovesVersionAndWebhook(t *testing.T) {
	api := cluster(t, "chosen")
	replica(t, api, "v2.11.2")
	replica(t, api, "v2.11.3")
	if value := api.At(management + "settings/server-version").Text("value"); value != "v2.11.3" {
		t.Errorf("server-version is %s", value)
	}
	var image any
	containers := api.At("/apis/apps/v1/namespaces/"+home+"/deployments/rancher-webhook").At("spec", "template", "spec", "containers").([]any)
	if image = containers[0].(map[string]any)["image"]; image != "webhook:v0.7.3" {
		t.Errorf("the webhook's image is %v", image)
	}
}

func TestWithoutTheRightCredentialsAllIsRefusedAsRancherRefuses(t *testing.T) {
	r := replica(t, cluster(t, "chosen"), "v2.11.3")
	status, answer := send(t, r, "POST", "/v3-public/localProviders/local?action=login", "", `{"username":"admin","password":"wrong"}`)
	if status != 401 || answer["type"] != "error" || answer["message"] != "authentication failed" {
		t.Errorf("wrong password: %d %v", status, answer)
	}
	for _, bearer := range []string{"", "token-aaaaa:guess", "nonsense"} {
		status, answer := send(t, r, "GET", "/v3/settings/server-url", bearer, "")
		if status != 401 || answer["message"] != "must authenticate" {
			t.Errorf("%q: %d %v", bearer, status, answer)
		}
	}
}

func TestTheFirstLogin(t *testing.T) {
	api := cluster(t, "admin")
	r := replica(t, api, "v2.11.3")
	_, token := login(t, r, "admin")
	put := func(body string) int {
		status, _ := send(t, r, "POST", "/v3/users?action=changepassword", token, body)
		return status
	}
	for _, refused := range []string{
		`{"currentPassword":"wrong","newPassword":"long enough for all"}`,
		`{"currentPassword":"admin","newPassword":"elevenchars"}`,
		`{"currentPassword":"admin","newPassword":"admin"}`,
	} {
		if status := put(refused); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", refused, status)
		}
	}
	if _, answer := send(t, r, "GET", "/v3/settings/first-login", "", ""); answer["value"] != "true" {
		t.Errorf("first-login before: %v", answer)
	}
	if status := put(`{"currentPassword":"admin","newPassword":"twelve chars"}`); status != http.StatusOK {
		t.Errorf("changing the password: %d", status)
	}
	if _, answer := send(t, r, "GET", "/v3/settings/first-login", "", ""); answer["value"] != "false" {
		t.Errorf("first-login after: %v", answer)
	}
	if status, _ := login(t, r, "admin"); status != 401 {
		t.Errorf("the old password still works: %d", status)
	}
	if status, _ := login(t, r, "twelve chars"); status != 201 {
		t.Errorf("the new password does not work: %d", status)
	}
}

func TestASettingFromTheEnvironmentIsReadOnly(t *testing.T) {
	t.Setenv("CATTLE_SERVER_URL", "https://env.test")
	r := replica(t, cluster(t, "chosen"), "v2.11.3")
	_, token := login(t, r, "chosen")
	if status, _ := send(t, r, "PUT", "/v3/settings/server-url", token, `{"value":"https://other.test"}`); status != 405 {
		t.Errorf("from the environment: %d", status)
	}
	if status, answer := send(t, r, "PUT", "/v3/settings/eula-agreed", token, `{"value":"now"}`); status != 200 || answer["value"] != "now" {
		t.Errorf("another one: %d %v", status, answer)
	}
}

func TestATokenEndsWhenItsTimeIsOver(t *testing.T) {
	r := replica(t, cluster(t, "chosen"), "v2.11.3")
	_, token := login(t, r, "chosen")
	_, short := send(t, r, "POST", "/v3/tokens", token, `{"type":"token","ttl":1}`)
	_, long := send(t, r, "POST", "/v3/tokens", token, `{"type":"token","ttl":60000}`)
	for bearer, wanted := range map[string]int{short["token"].(string): 401, long["token"].(string): 200} {
		deadline := time.Now().Add(5 * time.Second)
		status, _ := send(t, r, "GET", "/v3", bearer, "")
		for status != wanted && time.Now().Before(deadline) {
			status, _ = send(t, r, "GET", "/v3", bearer, "")
		}
		if status != wanted {
			t.Errorf("expected %d, got %d", wanted, status)
		}
	}
}

func TestWhatAVersionHas(t *testing.T) {
	for release, has := range map[string]struct{ loginV1, extension, turtles bool }{
		"v2.11.3": {false, false, false},
		"v2.12.0": {false, true, false},
		"v2.13.1": {true, true, true},
	} {
		api := cluster(t, "chosen")
		r := replica(t, api, release)
		status, _ := send(t, r, "POST", "/v1-public/login", "", `{"username":"admin","password":"chosen"}`)
		if (status == 200) != has.loginV1 || (status == 404) == has.loginV1 {
			t.Errorf("%s: /v1-public/login answers %d", release, status)
		}
		if found := api.At(apiServices+"/v1.ext.cattle.io") != nil; found != has.extension {
			t.Errorf("%s: extension API is %v", release, found)
		}
		if found := api.At("/api/v1/namespaces/cattle-capi-system/services/capi-webhook-service") != nil; found != has.turtles {
			t.Errorf("%s: capi-webhook-service is %v", release, found)
		}
	}
}

func TestPlainHTTPIsRedirectedButForProbes(t *testing.T) {
	r := replica(t, cluster(t, "chosen"), "v2.11.3")
	handler, _, _ := r.handler()
	for path, wanted := range map[string]int{"/ping": 200, "/healthz": 200, "/dashboard/": 302, "/v3": 302} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest("GET", path, nil))
		if recorder.Code != wanted {
			t.Errorf("%s: expected %d, got %d", path, wanted, recorder.Code)
		}
	}
}

func TestCACertsAreThoseOfTheChartsChoice(t *testing.T) {
	mounted := filepath.Join(t.TempDir(), "cacerts.pem")
	caCertsFile = mounted
	t.Cleanup(func() { caCertsFile = "/etc/rancher/ssl/cacerts.pem" })
	api := cluster(t, "chosen")
	own := replica(t, api, "v2.11.3")
	value := func() string { return api.At(management + "settings/cacerts").Text("value") }
	if value() != string(api.At(kube.SecretPath(home, "tls-rancher")).SecretValue("tls.crt")) {
		t.Error("Rancher's own authority is not what clients are told")
	}
	own.config.noCACerts = true
	if err := own.ensureCACerts(t.Context()); err != nil || value() != "" {
		t.Errorf("--no-cacerts: %q, %v", value(), err)
	}
	if err := os.WriteFile(mounted, []byte("private"), 0o600); err != nil {
		t.Fatal(err)
	}
	if own.ensureCACerts(t.Context()) == nil {
		t.Error("a mounted CA and --no-cacerts are not refused")
	}
	own.config.noCACerts = false
	if err := own.ensureCACerts(t.Context()); err != nil || value() != "private" {
		t.Errorf("mounted: %q, %v", value(), err)
	}
}

func TestTheAuditLogHasALineForARequestAndNoneForTheKubelet(t *testing.T) {
	r := replica(t, cluster(t, "chosen"), "v2.11.3")
	r.config.auditLevel, r.config.auditPath = 1, filepath.Join(t.TempDir(), "deep", "audit.log")
	send(t, r, "GET", "/healthz", "", "")
	send(t, r, "GET", "/v3/one-time?x=1", "", "")
	written, err := os.ReadFile(r.config.auditPath)
	if err != nil {
		t.Fatal(err)
	}
	var line auditLine
	if err := json.Unmarshal(written, &line); err != nil {
		t.Fatalf("%v in %s", err, written)
	}
	if line.RequestURI != "/v3/one-time?x=1" || line.Method != "GET" || line.ResponseCode != 401 {
		t.Errorf("%+v", line)
	}
}

func TestNegativeReplicasFollowTheReadyNodes(t *testing.T) {
	ready := func(status string) map[string]any {
		return map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": status}}}
	}
	path := "/apis/apps/v1/namespaces/" + home + "/deployments/rancher"
	for most, wanted := range map[string]float64{"1": 1, "3": 2, "": 5} {
		api := kubetest.Start(t, map[string]kube.Object{
			path: {
				"metadata": map[string]any{"annotations": map[string]any{"management.cattle.io/scale-available": most}},
				"spec":     map[string]any{"replicas": 5.0},
			},
			"/api/v1/nodes/a": {"status": ready("True")}, "/api/v1/nodes/b": {"status": ready("True")}, "/api/v1/nodes/c": {"status": ready("Unknown")},
		})
		r := &rancher{api: api.Client, config: configuration{namespace: home}}
		if err := r.scaleOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := api.At(path).At("spec", "replicas"); got != wanted {
			t.Errorf("at most %q: expected %v replicas, got %v", most, wanted, got)
		}
	}
}

func TestAfterTheChartsDeletionWhatRancherInstalledIsGoneAndItsDataStay(t *testing.T) {
	api := cluster(t, "chosen")
	replica(t, api, "v2.12.0")
	if err := cleanUp(t.Context(), api.Client, home); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{kube.SecretPath(home, "bootstrap-secret"), apiServices + "/v1.ext.cattle.io", "/apis/apps/v1/namespaces/" + home + "/deployments/rancher-webhook"} {
		if api.At(gone) != nil {
			t.Errorf("%s still stands", gone)
		}
	}
	if api.At(management+"clusters/local") == nil {
		t.Error("the data are gone")
	}
}

func TestTheWebhookFollowsAnAuthorityThatWasPutBack(t *testing.T) {
	api := kubetest.Start(t, nil)
	for _, authority := range []string{"first", "second"} {
		if err := register(t.Context(), api.Client, home, []byte(authority)); err != nil {
			t.Fatal(err)
		}
		wanted := bundleOf(registration(home, encodeBundle(authority)))
		if got := bundleOf(api.At(configurations + "/" + webhookConfiguration)); got != wanted {
			t.Errorf("expected %v, got %v", wanted, got)
		}
	}
}

func encodeBundle(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
