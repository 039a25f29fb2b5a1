{{- define "embedding-grpc.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Shortened so that the longest suffix (-headless) still fits a DNS label. */ -}}
{{- define "embedding-grpc.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "embedding-grpc.selectorLabels" -}}
app.kubernetes.io/name: {{ include "embedding-grpc.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "embedding-grpc.labels" -}}
{{ include "embedding-grpc.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "embedding-grpc.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "embedding-grpc.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "embedding-grpc.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* Flattens nested settings into environment variables: one "KEY: value" line each. Whole numbers stay whole: Helm reads them as
       floats and would write 268435456 as 2.68435456e+08. */ -}}
{{- define "embedding-grpc.settings" -}}
{{- $prefix := .prefix }}
{{- range $key, $value := .settings }}
{{- $name := printf "%s__%s" $prefix $key }}
{{- if kindIs "map" $value }}
{{- include "embedding-grpc.settings" (dict "prefix" $name "settings" $value) }}
{{- else if and (kindIs "float64" $value) (eq (floor $value) $value) }}
{{ $name }}: {{ $value | int64 | toString | quote }}
{{- else }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "embedding-grpc.redisSecretName" -}}
{{- if .Values.redis.existingSecret.name }}
{{- .Values.redis.existingSecret.name }}
{{- else if .Values.redis.configuration }}
{{- printf "%s-redis" (include "embedding-grpc.fullname" .) }}
{{- end }}
{{- end }}

{{- define "embedding-grpc.testImage" -}}
{{- if .Values.tests.image }}
{{- .Values.tests.image }}
{{- else }}
{{- printf "%s-tools:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}
