using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The Prometheus operator's PrometheusRule: the fields of it that the chart uses; any other is refused.</summary>
internal sealed class PrometheusRule : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public RuleSpec Spec { get; set; } = new();

    internal sealed class RuleSpec
    {
        [JsonPropertyName("groups")]
        public List<Group> Groups { get; set; } = [];
    }

    internal sealed class Group
    {
        [JsonPropertyName("name")]
        public string Name { get; set; } = "";

        [JsonPropertyName("rules")]
        public List<Rule> Rules { get; set; } = [];
    }

    internal sealed class Rule
    {
        [JsonPropertyName("alert")]
        public string Alert { get; set; } = "";

        [JsonPropertyName("expr")]
        public string Expression { get; set; } = "";

        [JsonPropertyName("for")]
        public string? For { get; set; }

        [JsonPropertyName("labels")]
        public Dictionary<string, string> Labels { get; set; } = [];

        [JsonPropertyName("annotations")]
        public Dictionary<string, string> Annotations { get; set; } = [];
    }
}
