{{- define "tenon.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "tenon.matchLabels" -}}
app.kubernetes.io/name: {{ include "tenon.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: cloud-controller
{{- end -}}

{{- define "tenon.labels" -}}
{{ include "tenon.matchLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "tenon.metadata" -}}
labels: {{- include "tenon.labels" . | nindent 2 }}
{{- with .Values.commonAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A value of cloud.conf: backslashes and quotes are escaped, as gcfg reads them. */}}
{{- define "tenon.gcfgValue" -}}
"{{ . | toString | replace "\\" "\\\\" | replace "\"" "\\\"" }}"
{{- end -}}

{{- define "tenon.gcfgOptions" -}}
{{- range $key, $value := . }}
{{- if kindIs "slice" $value }}
{{- range $value }}
{{ $key }} = {{ include "tenon.gcfgValue" . }}
{{- end }}
{{- else }}
{{ $key }} = {{ include "tenon.gcfgValue" $value }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "tenon.cloudConfig" -}}
{{- if .Values.cloudConfigContents -}}
{{ .Values.cloudConfigContents }}
{{- else -}}
{{- $config := .Values.cloudConfig -}}
{{- range $section, $title := dict "global" "Global" "networking" "Networking" "loadBalancer" "LoadBalancer" "blockStorage" "BlockStorage" "metadata" "Metadata" "route" "Route" }}
{{- with index $config $section }}
[{{ $title }}]
{{- include "tenon.gcfgOptions" . }}
{{ end }}
{{- end }}
{{- range $name, $options := $config.loadBalancerClass }}
[LoadBalancerClass {{ include "tenon.gcfgValue" $name }}]
{{- include "tenon.gcfgOptions" $options }}
{{ end }}
{{- end -}}
{{- end -}}
