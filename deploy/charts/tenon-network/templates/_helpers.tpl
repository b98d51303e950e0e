{{- define "tenon.image" -}}
"{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}"
{{- end -}}

{{/* Labels that select a part's pods: a list of the root and the part's name. */}}
{{- define "tenon.matchLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: tenon-{{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "tenon.labels" -}}
{{- $root := index . 0 -}}
{{ include "tenon.matchLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "tenon.metadata" -}}
{{- $root := index . 0 -}}
labels: {{- include "tenon.labels" . | nindent 2 }}
{{- with $root.Values.commonAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tenon.subjects" -}}
- kind: ServiceAccount
  name: tenon-{{ index . 1 }}
  namespace: {{ (index . 0).Release.Namespace }}
{{- end -}}
