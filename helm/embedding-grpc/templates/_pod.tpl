{{- /*
The pod of one kind, its spec and its volumes but for the data. Takes the chart's root as "root", the kind as "component", the service that readiness asks for as
"service", resources, and what says where pods may run as "placement".
*/ -}}
{{- define "embedding-grpc.podSpec" -}}
{{- $component := .component }}
{{- $service := .service }}
{{- $resources := .resources }}
{{- $heapLimit := .heapLimit }}
{{- $placement := .placement }}
{{- with .root }}
{{- $fullname := include "embedding-grpc.fullname" . }}
serviceAccountName: {{ include "embedding-grpc.serviceAccountName" . }}
automountServiceAccountToken: false
# The Service variables of Kubernetes would only be noise beside the daemon's own.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.drain.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
containers:
  - name: daemon
    image: {{ include "embedding-grpc.image" . }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    ports:
      - name: grpc
        containerPort: {{ .Values.ports.grpc }}
      - name: http
        containerPort: {{ .Values.ports.http }}
    envFrom:
      - configMapRef:
          name: {{ $fullname }}
    {{- $redis := include "embedding-grpc.redisSecretName" . }}
    {{- $replica := eq $component "replica" }}
    {{- if or $redis $replica $heapLimit .Values.extraEnv }}
    env:
      {{- if $replica }}
      - name: EmbeddingGrpc__Role
        value: Replica
      {{- end }}
      {{- with $heapLimit }}
      - name: DOTNET_GCHeapHardLimit
        value: {{ . | quote }}
      {{- end }}
      {{- if $redis }}
      - name: EmbeddingGrpc__Redis__Configuration
        valueFrom:
          secretKeyRef:
            name: {{ $redis }}
            key: {{ .Values.redis.existingSecret.key }}
      {{- end }}
      {{- with .Values.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
    startupProbe:
      {{- include "embedding-grpc.probe" (dict "root" . "service" $service) | nindent 6 }}
      {{- toYaml .Values.probes.startup | nindent 6 }}
    readinessProbe:
      {{- include "embedding-grpc.probe" (dict "root" . "service" $service) | nindent 6 }}
      {{- toYaml .Values.probes.readiness | nindent 6 }}
    # The process answers at all. A full disk must not kill a daemon that still answers recalls.
    livenessProbe:
      {{- include "embedding-grpc.livenessProbe" . | nindent 6 }}
      {{- toYaml .Values.probes.liveness | nindent 6 }}
    {{- if gt (int .Values.drain.preStopSeconds) 0 }}
    lifecycle:
      preStop:
        sleep:
          seconds: {{ .Values.drain.preStopSeconds }}
    {{- end }}
    resources:
      {{- $resources | nindent 6 }}
    securityContext:
      {{- toYaml .Values.securityContext | nindent 6 }}
    volumeMounts:
      - name: data
        mountPath: /data
      - name: tmp
        mountPath: /tmp
      - name: logging
        mountPath: /config
        readOnly: true
      {{- if .Values.accessKeys.existingSecret.name }}
      - name: keys
        mountPath: /keys
        readOnly: true
      {{- end }}
      {{- if .Values.tls.existingSecret }}
      - name: tls
        mountPath: /tls
        readOnly: true
      {{- end }}
      {{- if .Values.tls.clientCa.existingSecret.name }}
      - name: clients
        mountPath: /clients
        readOnly: true
      {{- end }}
{{- with $placement.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $placement.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $placement.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $placement.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  - name: logging
    configMap:
      name: {{ $fullname }}-logging
  {{- with .Values.accessKeys.existingSecret.name }}
  - name: keys
    secret:
      secretName: {{ . }}
  {{- end }}
  {{- with .Values.tls.existingSecret }}
  - name: tls
    secret:
      secretName: {{ . }}
  {{- end }}
  {{- with .Values.tls.clientCa.existingSecret }}
  {{- if .name }}
  - name: clients
    secret:
      secretName: {{ .name }}
      # Only what says whom to trust: an authority's Secret may hold its key beside it.
      items:
        - key: {{ .key }}
          path: ca.crt
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* The kubelet's gRPC probe speaks no TLS, and takes a number, not the port's name; its HTTPS probe does, and asks the same question at the other port. */ -}}
{{- define "embedding-grpc.probe" -}}
{{- if .root.Values.tls.existingSecret -}}
httpGet:
  scheme: HTTPS
  path: /readyz?service={{ .service }}
  port: http
{{- else -}}
grpc:
  port: {{ .root.Values.ports.grpc }}
  service: {{ .service }}
{{- end }}
{{- end }}

{{- /* Health of the empty name is that of events, which a full disk turns: whether the process answers is asked at the other port. */ -}}
{{- define "embedding-grpc.livenessProbe" -}}
httpGet:
  path: /healthz
  port: http
  {{- if .Values.tls.existingSecret }}
  scheme: HTTPS
  {{- end }}
{{- end }}

{{- /* What restarts a pod of any kind when it changes. */ -}}
{{- define "embedding-grpc.podAnnotations" -}}
# A changed setting restarts the pod.
checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
checksum/secret: {{ include (print $.Template.BasePath "/secret.yaml") . | sha256sum }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}
