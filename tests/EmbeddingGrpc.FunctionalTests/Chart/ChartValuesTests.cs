namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>Wrong values are refused when the chart is rendered, by name, not by a pod that does not start.</summary>
public sealed class ChartValuesTests
{
    [Theory]
    [InlineData("replicaCount=3", "replicaCount")]
    [InlineData("image.repo=x", "repo")]
    [InlineData("image.digest=sha256:short", "/image/digest")]
    [InlineData("ports.grpc=70000", "/ports/grpc")]
    [InlineData("logging.level=Verbose", "/logging/level")]
    [InlineData("persistence.size=twenty", "/persistence/size")]
    [InlineData("settings.Model.Training.Dimensions=64", "Dimensions")]
    [InlineData("settings.Model.Training.Dimension=1", "/settings/Model/Training/Dimension")]
    [InlineData("settings.Model.Training.Dimension=many", "/settings/Model/Training/Dimension")]
    [InlineData("settings.Tls.KeyPath=/elsewhere", "Tls")]
    [InlineData("tls.secret=mine", "secret")]
    [InlineData("sizing.items=0", "/sizing/items")]
    [InlineData("sizing.dimension=100", "dimension")]
    [InlineData("resources.limits.memory=much", "/resources/limits/memory")]
    [InlineData("replicas.autoscaling.minReplicas=0", "/replicas/autoscaling/minReplicas")]
    [InlineData("openTelemetry.endpoint=collector:4317", "/openTelemetry/endpoint")]
    [InlineData("openTelemetry.sampleRatio=2", "/openTelemetry/sampleRatio")]
    [InlineData("metrics.prometheusRule.thresholds.recall=1", "recall")]
    [InlineData("settings.DataDirectory=/elsewhere", "DataDirectory")]
    [InlineData("settings.Redis.Configuration=redis:6379", "Configuration")]
    public async Task Template_WithAWrongValue_NamesIt(string value, string named)
    {
        var run = await HelmChart.TemplateAsync(TestContext.Current.CancellationToken, "--set", value);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(named, run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replicas.enabled=true", "has no role Replica yet")]
    [InlineData("tls.clientCa.existingSecret.name=callers", "set tls.existingSecret too")]
    [InlineData("tls.existingSecret=mine,tls.clientCa.existingSecret.name=callers", "tests.clientCertificate.secretName")]
    public async Task Template_WithWhatCannotWork_SaysWhatWould(string values, string said)
    {
        var run = await HelmChart.TemplateAsync(TestContext.Current.CancellationToken, "--set", values);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_WithATrialRedisBesideAnother_SaysWhichToChoose()
    {
        var run = await HelmChart.TemplateAsync(
            TestContext.Current.CancellationToken, "--set", "redis.configuration=redis:6379,redis.trial.enabled=true");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("redis.trial.enabled brings a Redis of its own", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_WithTwoSourcesOfRedis_SaysWhichToChoose()
    {
        var run = await HelmChart.TemplateAsync(
            TestContext.Current.CancellationToken, "--set", "redis.configuration=redis:6379,redis.existingSecret.name=mine");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("redis.configuration or redis.existingSecret.name, not both", run.Errors, StringComparison.Ordinal);
    }
}
