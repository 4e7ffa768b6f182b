{{- define "rancher.labels" -}}
app: rancher
app.kubernetes.io/managed-by: {{ .Release.Service }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
heritage: {{ .Release.Service }}
release: {{ .Release.Name }}
{{- end -}}

{{/* The registry in front of an image, when all images come from one. */}}
{{- define "rancher.registry" -}}
{{- with .Values.systemDefaultRegistry }}{{ . }}/{{ end -}}
{{- end -}}

{{- define "rancher.issuesCertificate" -}}
{{- if and (eq .Values.tls "ingress") (ne .Values.ingress.tls.source "secret") }}true{{ end -}}
{{- end -}}
