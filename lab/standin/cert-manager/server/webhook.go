package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"rancher-ha.test/standin/kube"
)

// webhookAuthority is the Secret from which the injector takes what the API server has to trust.
const webhookAuthority = "cert-manager-webhook-ca"

// serveWebhook is healthy at once and serves only after the delay, so that a ready pod proves nothing.
func serveWebhook(ctx context.Context, api *kube.Client, home string, late time.Duration) error {
	health := http.NewServeMux()
	health.HandleFunc("GET /livez", ok)
	health.HandleFunc("GET /healthz", ok)
	ended := make(chan error, 2)
	probes := &http.Server{Addr: ":6080", Handler: health, ReadHeaderTimeout: 10 * time.Second}
	go func() { ended <- probes.ListenAndServe() }()

	if err := kube.Pause(ctx, late); err != nil {
		return err
	}
	settings, err := webhookTLS(ctx, api, home)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /validate", review)
	server := &http.Server{Addr: ":10250", Handler: mux, TLSConfig: settings, ReadHeaderTimeout: 10 * time.Second}
	go func() { ended <- server.ListenAndServeTLS("", "") }()
	log.Print("listening on :10250")
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return errors.Join(server.Shutdown(closing), probes.Shutdown(closing))
	}
}

func webhookTLS(ctx context.Context, api *kube.Client, home string) (*tls.Config, error) {
	secret, err := api.EnsureSecret(ctx, home, webhookAuthority, func() (kube.Object, error) {
		pair, err := kube.NewAuthority("cert-manager-webhook-ca")
		data := map[string][]byte{"tls.crt": pair.Certificate, "tls.key": pair.Key, "ca.crt": pair.Certificate}
		return kube.Secret(home, webhookAuthority, "Opaque", data), err
	})
	if err != nil {
		return nil, err
	}
	pair, err := kube.Issue(kube.PairOf(secret), 365*24*time.Hour, "cert-manager-webhook."+home+".svc")
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	return &tls.Config{Certificates: []tls.Certificate{certificate}}, err
}

func review(w http.ResponseWriter, request *http.Request) {
	var asked kube.Object
	if err := json.NewDecoder(http.MaxBytesReader(w, request.Body, 1<<20)).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	object, _ := asked.At("request", "object").(map[string]any)
	verdict := map[string]any{"uid": asked.Text("request", "uid"), "allowed": true}
	if err := validate(object); err != nil {
		verdict["allowed"] = false
		verdict["status"] = map[string]any{"code": http.StatusUnprocessableEntity, "message": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	answer := map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": verdict}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Printf("an answer was cut short: %v", err)
	}
}

// validate refuses what the real webhook would refuse too: an issuer of no or several kinds, a certificate to nowhere.
func validate(object kube.Object) error {
	switch object.Text("kind") {
	case "Issuer", "ClusterIssuer":
		kinds := 0
		for _, kind := range []string{"acme", "ca", "selfSigned", "vault", "venafi"} {
			if object.At("spec", kind) != nil {
				kinds++
			}
		}
		if kinds != 1 {
			return fmt.Errorf("spec: exactly one issuer type is required, found %d", kinds)
		}
	case "Certificate":
		if object.Text("spec", "secretName") == "" {
			return errors.New("spec.secretName: Required value: must be specified")
		}
		if object.Text("spec", "issuerRef", "name") == "" {
			return errors.New("spec.issuerRef.name: Required value: must be specified")
		}
		if len(namesOf(object)) == 0 {
			return errors.New("spec: at least one of commonName, dnsNames or ipAddresses is required")
		}
	}
	return nil
}

func ok(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) }
