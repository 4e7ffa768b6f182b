package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"rancher-ha.test/standin/kube"
)

// noticed is how long a replica goes on serving after TERM. An ingress controller like nginx asks the next pod when one
// closes a connection; the lab's does not, but has noticed by then that this one is to end.
const noticed = 3 * time.Second

// shutdownGrace is how long a request may still take after that.
const shutdownGrace = 10 * time.Second

// doomedLife is how long a replica that rewrites its data is ready before it dies.
var doomedLife = 20 * time.Second

// internalAuthority is the Secret of the authority for connections inside the cluster.
const internalAuthority = "tls-rancher-internal-ca"

// extensionPort is where the aggregated API is served, as in Rancher.
const extensionPort = ":6666"

// rancher is one replica; everything it knows beyond this is in the API server.
type rancher struct {
	api    *kube.Client
	config configuration
	ready  atomic.Bool
}

// serve runs one replica until ctx ends: it listens at once and is ready when its data stand.
func serve(ctx context.Context, api *kube.Client, config configuration) error {
	log.Printf("[INFO] Rancher version %s (stand-in) is starting", config.version.text)
	if config.fault == "crash" {
		return errors.New("the fault asked for: crash")
	}
	r := &rancher{api: api, config: config}
	handler, closeLog, err := r.handler()
	if err != nil {
		return err
	}
	defer closeLog()

	ended := make(chan error, 1)
	servers := []*http.Server{listen(":80", handler, nil, ended)}
	internal, err := r.open(ctx, handler, ended)
	if err != nil {
		return err
	}
	servers = append(servers, internal...)
	if config.fault == "rewrites" {
		go r.rewriteThenDie(ctx, ended)
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(noticed):
	}
	return shutDown(servers)
}

// rewriteThenDie begins once the replica is ready, so that no readiness probe holds a rollout back.
func (r *rancher) rewriteThenDie(ctx context.Context, ended chan<- error) {
	if err := r.rewrite(ctx); err != nil {
		log.Printf("[ERROR] rewriting the stored data: %v", err)
	}
	if kube.Pause(ctx, doomedLife) == nil {
		ended <- errors.New("the fault asked for: the stored data are rewritten, and the replica dies")
	}
}

// open brings the data up to date and makes the replica ready.
func (r *rancher) open(ctx context.Context, handler http.Handler, ended chan error) ([]*http.Server, error) {
	// A replica that will never be ready stands for one that does not get as far as its data.
	if r.config.fault == "never-ready" {
		return nil, nil
	}
	r.boot(ctx)
	if ctx.Err() != nil {
		return nil, nil
	}
	servers, err := r.internalServers(ctx, handler, ended)
	if err != nil {
		return nil, err
	}
	r.ready.Store(true)
	go r.scale(ctx)
	log.Print("[INFO] Listening on :80")
	return servers, nil
}

// internalServers serves TLS with the internal authority: 444 behind the Service's 443, and the extension API.
func (r *rancher) internalServers(ctx context.Context, handler http.Handler, ended chan error) ([]*http.Server, error) {
	authority, err := ensureAuthority(ctx, r.api, r.config.namespace, internalAuthority)
	if err != nil {
		return nil, err
	}
	names := []string{"rancher." + r.config.namespace, extensionService + "." + r.config.namespace + ".svc", "localhost", "127.0.0.1"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	pair, err := kube.Issue(authority, 365*24*time.Hour, names...)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}}
	servers := []*http.Server{listen(":444", handler, settings, ended)}
	if !r.config.version.hasExtensionAPI() {
		return servers, nil
	}
	return append(servers, listen(extensionPort, extensionHandler(), settings, ended)), nil
}

func listen(address string, handler http.Handler, settings *tls.Config, ended chan<- error) *http.Server {
	server := &http.Server{Addr: address, Handler: handler, TLSConfig: settings, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		listener, err := net.Listen("tcp", address)
		if err == nil && settings == nil {
			err = server.Serve(listener)
		} else if err == nil {
			err = server.ServeTLS(listener, "", "")
		}
		if !errors.Is(err, http.ErrServerClosed) {
			ended <- err
		}
	}()
	return server
}

func shutDown(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	var failures []error
	for _, server := range servers {
		failures = append(failures, server.Shutdown(ctx))
	}
	return errors.Join(failures...)
}
