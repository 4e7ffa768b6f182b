package main

import (
	"fmt"
	"net/http"
	"testing"

	"rancher-ha.test/standin/kube"
)

func TestTheProxyPassesOnWhatComesWithAToken(t *testing.T) {
	api := cluster(t, "chosen")
	r := replica(t, api, "v2.11.3")
	_, session := login(t, r, "chosen")
	const path = "/k8s/clusters/local/api/v1/namespaces/kube-system"

	status, answer := send(t, r, "GET", path, session, "")
	if uid := kube.Object(answer).Text("metadata", "uid"); status != http.StatusOK || uid != "some-uid" {
		t.Errorf("with a token: %d %v", status, answer)
	}
	if status, _ := send(t, r, "GET", path, "", ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, _ := send(t, r, "GET", "/k8s/clusters/other/api/v1/namespaces/kube-system", session, ""); status != http.StatusNotFound {
		t.Errorf("another cluster: %d", status)
	}
}

func TestAMadeTokenEndsByLogoutAndMakesNoOther(t *testing.T) {
	api := cluster(t, "chosen")
	r := replica(t, api, "v2.11.3")
	_, session := login(t, r, "chosen")
	status, made := send(t, r, "POST", "/v3/tokens", session, `{"type":"token","description":"a run","ttl":60000}`)
	bearer := fmt.Sprint(made["token"])
	if status != http.StatusCreated || made["ttl"] != float64(60000) || made["expiresAt"] == "" {
		t.Fatalf("a token: %d %v", status, made)
	}
	const path = "/k8s/clusters/local/api/v1/namespaces/kube-system"
	if status, _ := send(t, r, "GET", path, bearer, ""); status != http.StatusOK {
		t.Errorf("by the token: %d", status)
	}

	if status, _ := send(t, r, "POST", "/v3/tokens?action=logout", bearer, "{}"); status != http.StatusOK {
		t.Errorf("logout: %d", status)
	}
	if status, _ := send(t, r, "GET", path, bearer, ""); status != http.StatusUnauthorized {
		t.Errorf("by the ended token: %d", status)
	}
	_, left := send(t, r, "GET", "/v3/tokens", session, "")
	if data := left["data"].([]any); len(data) != 1 {
		t.Errorf("expected the session alone, got %v", data)
	}
}
