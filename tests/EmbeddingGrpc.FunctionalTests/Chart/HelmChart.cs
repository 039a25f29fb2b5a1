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
    public static async Task<RenderedChart> RenderAsync(CancellationToken cancellationToken, params string[] arguments) =>
        Read(await TemplateAsync(cancellationToken, arguments));

    /// <summary>Renders the chart as it will be once the daemon has a role for replicas: with that said in its <c>Chart.yaml</c>.</summary>
    public static async Task<RenderedChart> RenderWithReplicasAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var copy = new TemporaryDirectory();
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var path = copy.File(Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path);
        }

        var chart = copy.File("Chart.yaml");
        const string roles = "embedding-grpc/roles: All";
        var text = await File.ReadAllTextAsync(chart, cancellationToken);
        Assert.Contains(roles, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(chart, text.Replace(roles, roles + ",Replica", StringComparison.Ordinal), cancellationToken);
        return Read(await TemplateAsync(copy.FullPath, ["--set", "replicas.enabled=true", .. arguments], cancellationToken));
    }

    /// <summary>Runs <c>helm template</c>, whatever comes of it.</summary>
    public static Task<ProgramRun> TemplateAsync(CancellationToken cancellationToken, params string[] arguments) => TemplateAsync(Folder, arguments, cancellationToken);

    private static Task<ProgramRun> TemplateAsync(string folder, string[] arguments, CancellationToken cancellationToken) =>
        ProgramRun.RunAsync(InstalledProgram.Require("helm"), ["template", "shop", folder, "--namespace", "recall", .. arguments], cancellationToken);

    private static RenderedChart Read(ProgramRun run)
    {
        Assert.True(run.ExitCode == 0, run.Errors);
        return new RenderedChart(KubernetesYaml.LoadAllFromString(run.Output, OperatorTypes, strict: true));
    }
}
