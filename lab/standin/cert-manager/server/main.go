// Command cert-manager stands in for cert-manager's controller, webhook, injector and start-up check; see ../../README.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rancher-ha.test/standin/kube"
)

// pollEvery is how often the controllers look; the real ones watch.
const pollEvery = 2 * time.Second

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

// run plays the role named by the first argument, in the namespace the pod is in.
func run(ctx context.Context, arguments []string) error {
	api, err := kube.InCluster()
	if err != nil {
		return err
	}
	role, home := "", cmp.Or(os.Getenv("POD_NAMESPACE"), "cert-manager")
	if len(arguments) > 0 {
		role = arguments[0]
	}
	switch role {
	case "controller":
		return repeat(ctx, (&controller{api: api, home: home}).reconcile)
	case "webhook":
		return serveWebhook(ctx, api, home, delay("CERTMANAGER_STANDIN_WEBHOOK_DELAY", 8*time.Second))
	case "cainjector":
		return repeat(ctx, newInjector(api, delay("CERTMANAGER_STANDIN_INJECT_DELAY", 5*time.Second)).reconcile)
	case "startupapicheck":
		return checkStartup(ctx, api, home, arguments[1:])
	default:
		return fmt.Errorf("no role %q: expected controller, webhook, cainjector or startupapicheck", role)
	}
}

func repeat(ctx context.Context, reconcile func(context.Context) error) error {
	for {
		if err := reconcile(ctx); err != nil && ctx.Err() == nil {
			log.Printf("retrying: %v", err)
		}
		if err := kube.Pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// delay reads a duration; one that cannot be read is a mistake worth stopping for.
func delay(variable string, fallback time.Duration) time.Duration {
	text := os.Getenv(variable)
	if text == "" {
		return fallback
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		log.Fatalf("%s: %v", variable, err)
	}
	return duration
}
