package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"rancher-ha.test/standin/kube"
)

// checkStartup tries to make a certificate, without keeping it, until the webhook lets it pass or the wait is over.
func checkStartup(ctx context.Context, api *kube.Client, home string, arguments []string) error {
	flags := flag.NewFlagSet("startupapicheck", flag.ContinueOnError)
	wait := flags.Duration("wait", time.Minute, "how long to try")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	sample := kube.Object{
		"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
		"metadata": map[string]any{"generateName": "startup-check-", "namespace": home},
		"spec": map[string]any{
			"secretName": "startup-check", "dnsNames": []any{"startup-check.test"},
			"issuerRef": map[string]any{"name": "startup-check"},
		},
	}
	for {
		err := api.Create(ctx, group+"/namespaces/"+home+"/certificates?dryRun=All", sample, nil)
		if err == nil {
			log.Print("the API is ready")
			return nil
		}
		log.Printf("not ready: %v", err)
		if kube.Pause(ctx, pollEvery) != nil {
			return fmt.Errorf("the API was not ready within %s: %w", *wait, err)
		}
	}
}
