{{- /*
What memory it takes, in bytes, from what it is for. README.md, "Sizing", argues each term and holds it against measurements.
  generation  three tables of rows (W1, W2, the space of similar items), padded to 64 bytes, two indexes over them, the vocabulary and its maps
  state       per item its key and counters (managed), and its part of the item graph; per user the record and the history
  corpus      what a training holds of the log
  comparison  ids, counts and maps of the items of two generations that are compared (managed), and an item graph as things were at a cut
*/ -}}
{{- define "embedding-grpc.sizing" -}}
{{- $model := default dict .Values.settings.Model }}
{{- $training := default dict $model.Training }}
{{- $graph := default dict $model.Graph }}
{{- $recall := default dict .Values.settings.Recall }}
{{- $cache := default dict $recall.Cache }}
{{- $log := default dict $model.Log }}
{{- $items := .Values.sizing.items | int64 }}
{{- $users := .Values.sizing.users | int64 }}
{{- $interactions := .Values.sizing.interactions | int64 }}
{{- $dimension := dig "Dimension" 100 $training | int64 }}
{{- $row := mul (div (add $dimension 15) 16) 64 }}
{{- $index := add $dimension (mul 8 (dig "M" 16 (default dict $model.Index) | int64)) 32 }}
{{- $generation := mul $items (add (mul 3 $row) (mul 2 $index) 100) }}
{{- $graphOfItems := mul $items (add 32 (mul 8 (dig "MaximumEdges" 128 $graph | int64))) }}
{{- $stateOfUsers := mul (min $users (dig "MaximumUsers" 10000000 $model | int64)) (add 68 (mul 16 (dig "HistoryLength" 50 $model | int64))) }}
{{- $corpus := mul $interactions 16 }}
{{- $answers := dig "MemoryBytes" 67108864 $cache | int64 }}
{{- $queue := dig "AppendQueueBytes" 67108864 $log | int64 }}
{{- $managed := add (mul $items 220) $answers $queue 67108864 }}
{{- $histories := add $graphOfItems $stateOfUsers }}
{{- $native := 134217728 }}
{{- $heap := div (mul (add $managed $corpus (mul $items 300)) 3) 2 }}
{{- $replay := min $graphOfItems 2147483648 }}
{{- $request := add $managed $histories $generation $native }}
{{- $limit := add $heap $histories $replay (mul 3 $generation) $native }}
{{- if .Values.sizing.guaranteed }}{{- $request = $limit }}{{- end }}
{{- dict "generation" $generation "managed" $managed "corpus" $corpus "heap" $heap "request" $request "limit" $limit | toJson }}
{{- end }}

{{- /* Mebibytes, rounded up. */ -}}
{{- define "embedding-grpc.mebibytes" -}}
{{- printf "%dMi" (div (add (int64 .) 1048575) 1048576) }}
{{- end }}

{{- /* Resources as they are given; memory that is not given is derived. */ -}}
{{- define "embedding-grpc.resources" -}}
{{- $sizing := include "embedding-grpc.sizing" . | fromJson }}
{{- $resources := deepCopy .Values.resources }}
{{- $requests := default dict $resources.requests }}
{{- $limits := default dict $resources.limits }}
{{- if not (hasKey $limits "memory") }}{{- $_ := set $limits "memory" (include "embedding-grpc.mebibytes" $sizing.limit) }}{{- end }}
{{- if not (hasKey $requests "memory") }}
{{- $_ := set $requests "memory" (ternary .Values.resources.limits.memory (include "embedding-grpc.mebibytes" $sizing.request) (hasKey (default dict .Values.resources.limits) "memory")) }}
{{- end }}
{{- dict "requests" $requests "limits" $limits | toYaml }}
{{- end }}

{{- /* Where the limit is derived the managed heap is bounded too, so that it never takes what vectors and indexes need. Hexadecimal, as the runtime reads it. */ -}}
{{- define "embedding-grpc.heapLimit" -}}
{{- if not (hasKey (default dict .Values.resources.limits) "memory") }}
{{- printf "%x" ((include "embedding-grpc.sizing" . | fromJson).heap | int64) }}
{{- end }}
{{- end }}

{{- /* A replica holds generations and histories, and never trains. */ -}}
{{- define "embedding-grpc.replicaResources" -}}
{{- $sizing := include "embedding-grpc.sizing" . | fromJson }}
{{- $requests := default dict (deepCopy .Values.replicas.resources).requests }}
{{- $limits := default dict (deepCopy .Values.replicas.resources).limits }}
{{- if not (hasKey $requests "memory") }}{{- $_ := set $requests "memory" (include "embedding-grpc.mebibytes" $sizing.request) }}{{- end }}
{{- if not (hasKey $limits "memory") }}{{- $_ := set $limits "memory" (include "embedding-grpc.mebibytes" (add ($sizing.request | int64) ($sizing.generation | int64))) }}{{- end }}
{{- dict "requests" $requests "limits" $limits | toYaml }}
{{- end }}
