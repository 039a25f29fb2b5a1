using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The Prometheus operator's ServiceMonitor: the fields of it that the chart uses; any other is refused.</summary>
internal sealed class ServiceMonitor : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public MonitorSpec Spec { get; set; } = new();

    internal sealed class MonitorSpec
    {
        [JsonPropertyName("selector")]
        public V1LabelSelector Selector { get; set; } = new();

        [JsonPropertyName("namespaceSelector")]
        public Namespaces NamespaceSelector { get; set; } = new();

        [JsonPropertyName("endpoints")]
        public List<Endpoint> Endpoints { get; set; } = [];
    }

    internal sealed class Namespaces
    {
        [JsonPropertyName("matchNames")]
        public List<string> MatchNames { get; set; } = [];
    }

    internal sealed class Endpoint
    {
        [JsonPropertyName("port")]
        public string Port { get; set; } = "";

        [JsonPropertyName("path")]
        public string Path { get; set; } = "";

        [JsonPropertyName("interval")]
        public string Interval { get; set; } = "";

        [JsonPropertyName("scheme")]
        public string? Scheme { get; set; }

        [JsonPropertyName("tlsConfig")]
        public Dictionary<string, bool>? TlsConfig { get; set; }
    }
}
