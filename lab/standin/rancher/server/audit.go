package main

import (
	"crypto/rand"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// auditLine is one finished request.
type auditLine struct {
	AuditID           string `json:"auditID"`
	RequestURI        string `json:"requestURI"`
	Method            string `json:"method"`
	RemoteAddr        string `json:"remoteAddr"`
	RequestTimestamp  string `json:"requestTimestamp"`
	ResponseTimestamp string `json:"responseTimestamp"`
	ResponseCode      int    `json:"responseCode"`
}

// withAudit writes one line a request, except for the kubelet's probes; the sidecar of the chart follows the file.
func withAudit(next http.Handler, path string) (http.Handler, func(), error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, nil, err
	}
	var writing sync.Mutex
	lines := json.NewEncoder(file)
	audited := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/healthz" {
			next.ServeHTTP(w, request)
			return
		}
		line := auditLine{
			AuditID: rand.Text(), RequestURI: request.RequestURI, Method: request.Method, RemoteAddr: request.RemoteAddr,
			RequestTimestamp: time.Now().UTC().Format(time.RFC3339Nano),
		}
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, request)
		line.ResponseCode, line.ResponseTimestamp = recorder.status, time.Now().UTC().Format(time.RFC3339Nano)
		writing.Lock()
		defer writing.Unlock()
		if err := lines.Encode(line); err != nil {
			log.Printf("[ERROR] audit log: %v", err)
		}
	})
	return audited, func() { file.Close() }, nil
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
