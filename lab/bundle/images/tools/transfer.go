package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
)

// Where etcd is down, a snapshot goes from node to node through etcd's own port.
const port = "2379"

func (o *options) serve() error {
	if err := extract(o.archive(), o.name, o.plain()); err != nil {
		return err
	}
	config, err := o.mutualTLS()
	if err != nil {
		return err
	}
	server := &http.Server{Addr: ":" + port, Handler: http.FileServer(http.Dir(backupFolder)), TLSConfig: config}
	return server.ListenAndServeTLS("", "")
}

func (o *options) download() error {
	config, err := o.mutualTLS()
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	response, err := client.Get("https://" + net.JoinHostPort(o.server, port) + "/" + o.name + ".zip")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Request.URL, response.Status)
	}
	if err := write(o.archive(), response.Body); err != nil {
		return err
	}
	return extract(o.archive(), o.name, o.plain())
}

// mutualTLS trusts whoever the cluster's CA has signed, in both directions: rke's node certificate names no address,
// so the chain is checked and the name is not.
func (o *options) mutualTLS() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", o.ca)
	}
	verify := func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
			Roots: trusted, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		return err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert,
		InsecureSkipVerify: true, VerifyConnection: verify,
	}, nil
}
