using k8s;
using k8s.Models;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>What a release of the chart would create.</summary>
internal sealed class RenderedChart(IEnumerable<object> objects)
{
    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects { get; } = [.. objects.Cast<IKubernetesObject<V1ObjectMeta>>()];

    public V1StatefulSet StatefulSet => Objects.OfType<V1StatefulSet>().Single();

    public V1PodTemplateSpec Pod => StatefulSet.Spec.Template;

    public V1Container Daemon => Pod.Spec.Containers.Single();

    public V1ConfigMap Settings => ConfigMap("");

    public V1ConfigMap ConfigMap(string suffix) => Objects.OfType<V1ConfigMap>().Single(m => m.Metadata.Name == $"shop-embedding-grpc{suffix}");

    /// <summary>Whether a selector chooses what has these labels.</summary>
    public static bool Selects(IDictionary<string, string> selector, IDictionary<string, string> labels) =>
        selector.All(pair => labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    public V1Service Service(string suffix) => Objects.OfType<V1Service>().Single(s => s.Metadata.Name == $"shop-embedding-grpc-{suffix}");
}
