package main

import (
	"encoding/json"
	"log"
	"net/http"

	"rancher-ha.test/standin/kube"
)

// bodyLimit of a request, in bytes.
const bodyLimit = 1 << 20

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("[WARNING] an answer was cut short: %v", err)
	}
}

// refuse answers in the form of Rancher's API errors.
func refuse(w http.ResponseWriter, status int, message string) {
	code := map[int]string{
		http.StatusUnauthorized:        "Unauthorized",
		http.StatusNotFound:            "NotFound",
		http.StatusMethodNotAllowed:    "MethodNotAllowed",
		http.StatusUnprocessableEntity: "InvalidBodyContent",
	}[status]
	if code == "" {
		code = "ServerError"
	}
	answer(w, status, map[string]any{"baseType": "error", "type": "error", "code": code, "status": status, "message": message})
}

// refuseFor passes the API server's refusal on with its status.
func refuseFor(w http.ResponseWriter, err error) {
	if kube.IsNotFound(err) {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	refuse(w, http.StatusInternalServerError, err.Error())
}

// read decodes the request's body; it answers itself when it cannot, and then returns false.
func read(w http.ResponseWriter, request *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, request.Body, bodyLimit)).Decode(into); err != nil {
		refuse(w, http.StatusUnprocessableEntity, "the body is not what was expected: "+err.Error())
		return false
	}
	return true
}

func collection(kind string, data []map[string]any) map[string]any {
	if data == nil {
		data = []map[string]any{}
	}
	return map[string]any{"type": "collection", "resourceType": kind, "data": data}
}
