// Package kube is the little of the Kubernetes API that the stand-ins need: plain HTTPS and JSON, no generated types.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// serviceAccount is where the kubelet puts the pod's own identity.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// requestTimeout keeps a dead control plane from holding a request for ever.
const requestTimeout = 10 * time.Second

// Client talks to one API server.
type Client struct {
	base      string
	http      *http.Client
	tokenFile string
}

// New makes a client for an address that needs no token, as tests do.
func New(base string, client *http.Client) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: client}
}

// InCluster makes a client with the pod's service account. The address comes from the environment, so no DNS is needed.
func InCluster() (*Client, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
	}
	authority, err := os.ReadFile(serviceAccount + "/ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s/ca.crt holds no certificate", serviceAccount)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	return &Client{
		base:      "https://" + net.JoinHostPort(host, port),
		http:      &http.Client{Transport: transport, Timeout: requestTimeout},
		tokenFile: serviceAccount + "/token",
	}, nil
}

// StatusError is the API server's refusal.
type StatusError struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s (%d): %s", e.Reason, e.Code, e.Message) }

// IsNotFound says whether the object, or its whole kind, is not there.
func IsNotFound(err error) bool { return hasCode(err, http.StatusNotFound) }

// IsConflict says whether somebody else was first: the object exists already, or changed since it was read.
func IsConflict(err error) bool { return hasCode(err, http.StatusConflict) }

// Get reads the object at path into out.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, "", nil, out)
}

// Create posts in to the collection at path; out may be nil.
func (c *Client) Create(ctx context.Context, path string, in, out any) error {
	return c.do(ctx, http.MethodPost, path, "application/json", in, out)
}

// Replace puts in at path; it has to carry the resourceVersion it was read with.
func (c *Client) Replace(ctx context.Context, path string, in, out any) error {
	return c.do(ctx, http.MethodPut, path, "application/json", in, out)
}

// Patch merges patch into the object at path (RFC 7386).
func (c *Client) Patch(ctx context.Context, path string, patch, out any) error {
	return c.do(ctx, http.MethodPatch, path, "application/merge-patch+json", patch, out)
}

// Delete removes the object at path; one that is not there is no error.
func (c *Client) Delete(ctx context.Context, path string) error {
	if err := c.do(ctx, http.MethodDelete, path, "", nil, nil); err != nil && !IsNotFound(err) {
		return err
	}
	return nil
}

// Proxy passes requests on to the API server as this client itself, without the prefix of their path. It waits as long as
// the API server does: watches and logs go on for minutes.
func (c *Client) Proxy(prefix string) (http.Handler, error) {
	base, err := url.Parse(c.base)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Transport:     c.http.Transport,
		FlushInterval: -1,
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(base)
			request.Out.URL.Path = base.Path + strings.TrimPrefix(request.In.URL.Path, prefix)
			request.Out.URL.RawPath = ""
			// Who asked has been let in by us; the API server knows only this client.
			for _, name := range []string{"Authorization", "Cookie"} {
				request.Out.Header.Del(name)
			}
			for name := range request.Out.Header {
				if strings.HasPrefix(name, "Impersonate-") {
					request.Out.Header.Del(name)
				}
			}
			if token, err := c.token(); err == nil && token != "" {
				request.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}, nil
}

// retries is how often client-go asks again when it is told to come back later.
const retries = 10

func (c *Client) do(ctx context.Context, method, path, contentType string, in, out any) error {
	for attempt := 0; ; attempt++ {
		later, err := c.try(ctx, method, path, contentType, in, out)
		if err == nil || later == 0 || attempt == retries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(later):
		}
	}
}

// try asks once. With an error it says after how long the server wants to be asked again, 0 if not at all: an API
// server answers so with 429 and Retry-After while it prepares to serve a resource, and client-go obeys.
func (c *Client) try(ctx context.Context, method, path, contentType string, in, out any) (time.Duration, error) {
	request, err := c.request(ctx, method, path, contentType, in)
	if err != nil {
		return 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(seconds) * time.Second, refusal(response.StatusCode, body)
	}
	if response.StatusCode >= 300 {
		return 0, refusal(response.StatusCode, body)
	}
	if out == nil {
		return 0, nil
	}
	return 0, json.Unmarshal(body, out)
}

func (c *Client) request(ctx context.Context, method, path, contentType string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

// token is the pod's own, "" for a client that needs none. Read each time: the kubelet replaces it before it expires.
func (c *Client) token() (string, error) {
	if c.tokenFile == "" {
		return "", nil
	}
	token, err := os.ReadFile(c.tokenFile)
	return strings.TrimSpace(string(token)), err
}

func refusal(code int, body []byte) error {
	status := &StatusError{}
	if json.Unmarshal(body, status) != nil || status.Message == "" {
		status.Message = strings.TrimSpace(string(body))
	}
	status.Code = code
	return status
}

func hasCode(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}
