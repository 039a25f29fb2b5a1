using EmbeddingGrpc.FunctionalTests.Harness;
using k8s;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>The chart, rendered by helm and read back as typed objects that refuse a field they do not know.</summary>
internal static class HelmChart
{
    // Kinds of the Prometheus operator, which the client library does not know.
    private static readonly Dictionary<string, Type> OperatorTypes = new()
    {
        ["monitoring.coreos.com/v1/ServiceMonitor"] = typeof(ServiceMonitor),
        ["monitoring.coreos.com/v1/PrometheusRule"] = typeof(PrometheusRule),
    };

    public static string Folder { get; } = Path.Combine(Build.RepositoryRoot, "helm", "embedding-grpc");

    /// <summary>Renders the chart; every argument is one of <c>helm template</c>.</summary>
    public static async Task<RenderedChart> RenderAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var run = await TemplateAsync(cancellationToken, arguments);
        Assert.True(run.ExitCode == 0, run.Errors);
        return new RenderedChart(KubernetesYaml.LoadAllFromString(run.Output, OperatorTypes, strict: true));
    }

    /// <summary>Runs <c>helm template</c>, whatever comes of it.</summary>
    public static Task<ProgramRun> TemplateAsync(CancellationToken cancellationToken, params string[] arguments) =>
        ProgramRun.RunAsync(InstalledProgram.Require("helm"), ["template", "shop", Folder, "--namespace", "recall", .. arguments], cancellationToken);
}
