using k8s;
using k8s.Models;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The Prometheus operator's ServiceMonitor: the fields of it that the chart uses; any other is refused.</summary>
internal sealed class ServiceMonitor : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public MonitorSpec Spec { get; set; } = new();

    internal sealed class MonitorSpec
    {
        public V1LabelSelector Selector { get; set; } = new();

        public Namespaces NamespaceSelector { get; set; } = new();

        public List<Endpoint> Endpoints { get; set; } = [];
    }

    internal sealed class Namespaces
    {
        public List<string> MatchNames { get; set; } = [];
    }

    internal sealed class Endpoint
    {
        public string Port { get; set; } = "";

        public string Path { get; set; } = "";

        public string Interval { get; set; } = "";

        public string? Scheme { get; set; }

        public Dictionary<string, bool>? TlsConfig { get; set; }
    }
}
