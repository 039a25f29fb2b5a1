using System.Text.Json.Nodes;
using k8s.Models;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>What each switch of the chart renders.</summary>
public sealed class ChartRenderingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> ValuesFiles =>
        [.. Directory.EnumerateFiles(HelmChart.Folder, "values*.yaml").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(ValuesFiles))]
    public async Task Template_OfAValuesFile_IsStrictlyTypedAndConnected(string file)
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--values", Path.Combine(HelmChart.Folder, file));

        var labels = chart.Pod.Metadata.Labels;
        Assert.Equal(1, chart.StatefulSet.Spec.Replicas);
        Assert.True(RenderedChart.Selects(chart.StatefulSet.Spec.Selector.MatchLabels, labels));
        foreach (var service in chart.Objects.OfType<V1Service>().Where(s => s.Metadata.Name != "shop-embedding-grpc-redis"))
        {
            Assert.True(RenderedChart.Selects(service.Spec.Selector, labels), $"{service.Metadata.Name} selects nothing");
            Assert.All(service.Spec.Ports, port => Assert.Contains(chart.Daemon.Ports, p => p.Name == port.TargetPort.Value));
        }

        Assert.Contains(chart.Objects, o => o is V1Service && o.Metadata.Name == chart.StatefulSet.Spec.ServiceName);
        Assert.Contains(chart.Daemon.EnvFrom, source => source.ConfigMapRef.Name == chart.Settings.Metadata.Name);
        Assert.Contains(chart.Objects, o => o is V1ServiceAccount && o.Metadata.Name == chart.Pod.Spec.ServiceAccountName);
        Assert.All(chart.Objects.OfType<V1PodDisruptionBudget>(), b => Assert.True(RenderedChart.Selects(b.Spec.Selector.MatchLabels, labels)));
        Assert.All(chart.Objects.OfType<V1NetworkPolicy>(), p => Assert.True(RenderedChart.Selects(p.Spec.PodSelector.MatchLabels, labels)));
    }

    [Fact]
    public async Task Services_SelectTheDaemon_NotTheTestPod()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        var test = chart.Objects.OfType<V1Pod>().Single();
        Assert.All(chart.Objects.OfType<V1Service>(), s => Assert.False(RenderedChart.Selects(s.Spec.Selector, test.Metadata.Labels), s.Metadata.Name));
    }

    [Fact]
    public async Task Pod_ByDefault_IsRestricted()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        foreach (var pod in new[] { chart.Pod.Spec, chart.Objects.OfType<V1Pod>().Single().Spec })
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.All(pod.Containers, container =>
            {
                Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
                Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            });
        }
    }

    [Fact]
    public async Task Pod_WithAReadOnlyRoot_WritesToDataAndTmpOnly()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        Assert.Equal(["/data", "/tmp"], chart.Daemon.VolumeMounts.Where(m => m.ReadOnlyProperty != true).Select(m => m.MountPath).Order());
        Assert.Equal("/data", chart.Settings.Data["EmbeddingGrpc__DataDirectory"]);
        Assert.Equal("data", chart.StatefulSet.Spec.VolumeClaimTemplates.Single().Metadata.Name);
    }

    [Fact]
    public async Task Persistence_Disabled_UsesAnEmptyDirectory()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "persistence.enabled=false");
        Assert.Null(chart.StatefulSet.Spec.VolumeClaimTemplates);
        Assert.NotNull(chart.Pod.Spec.Volumes.Single(v => v.Name == "data").EmptyDir);
    }

    [Fact]
    public async Task Probes_AskForEventsAndForTheProcess()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "ports.grpc=6000,ports.http=6001");
        foreach (var probe in new[] { chart.Daemon.StartupProbe, chart.Daemon.ReadinessProbe })
        {
            Assert.Equal("embeddinggrpc.v1.EventService", probe.Grpc.Service);
            Assert.Equal(6000, probe.Grpc.Port);
        }

        Assert.Equal("/healthz", chart.Daemon.LivenessProbe.HttpGet.Path);
        Assert.Equal("http", chart.Daemon.LivenessProbe.HttpGet.Port.Value);
        Assert.Equal([("grpc", 6000), ("http", 6001)], chart.Daemon.Ports.Select(p => (p.Name, p.ContainerPort)));
        Assert.Equal("6000", chart.Settings.Data["EmbeddingGrpc__GrpcPort"]);
        Assert.Equal("6001", chart.Settings.Data["EmbeddingGrpc__HttpPort"]);
        Assert.Equal("0.0.0.0", chart.Settings.Data["EmbeddingGrpc__Listen"]);
    }

    [Fact]
    public async Task Settings_Nested_BecomeTheDaemonsEnvironment()
    {
        var chart = await HelmChart.RenderAsync(
            Cancel,
            "--set", "settings.Model.Training.Dimension=64",
            "--set-json", "settings.Model.Training.LearningRate=0.025",
            "--set", "settings.Model.Log.SegmentSizeBytes=268435456",
            "--set-string", "settings.Model.SessionGap=1.00:00:00");
        Assert.Equal("64", chart.Settings.Data["EmbeddingGrpc__Model__Training__Dimension"]);
        Assert.Equal("0.025", chart.Settings.Data["EmbeddingGrpc__Model__Training__LearningRate"]);
        Assert.Equal("268435456", chart.Settings.Data["EmbeddingGrpc__Model__Log__SegmentSizeBytes"]);
        Assert.Equal("1.00:00:00", chart.Settings.Data["EmbeddingGrpc__Model__SessionGap"]);
    }

    [Fact]
    public async Task LoggingLevel_Changed_ChangesTheMountedFileAndRestartsNothing()
    {
        var before = await HelmChart.RenderAsync(Cancel);
        var after = await HelmChart.RenderAsync(Cancel, "--set", "logging.level=Debug", "--set-json", "logging.levels={\"EmbeddingGrpc.Server\":\"Trace\"}");
        var levels = JsonNode.Parse(after.ConfigMap("-logging").Data["logging.json"])!["Logging"]!["LogLevel"]!;
        Assert.Equal("Debug", (string?)levels["Default"]);
        Assert.Equal("Trace", (string?)levels["EmbeddingGrpc.Server"]);
        Assert.Equal(before.Pod.Metadata.Annotations, after.Pod.Metadata.Annotations);

        var mount = after.Daemon.VolumeMounts.Single(m => m.MountPath == "/config");
        Assert.Equal("shop-embedding-grpc-logging", after.Pod.Spec.Volumes.Single(v => v.Name == mount.Name).ConfigMap.Name);
        Assert.Equal("/config/logging.json", after.Settings.Data["EmbeddingGrpc__LoggingFile"]);
    }

    [Fact]
    public async Task Tls_Secret_IsMountedAndProbedOverHttps()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "tls.existingSecret=recall-tls");
        var mount = chart.Daemon.VolumeMounts.Single(m => m.MountPath == "/tls");
        Assert.Equal("recall-tls", chart.Pod.Spec.Volumes.Single(v => v.Name == mount.Name).Secret.SecretName);
        Assert.Equal("/tls/tls.crt", chart.Settings.Data["EmbeddingGrpc__Tls__CertificatePath"]);
        Assert.Equal("/tls/tls.key", chart.Settings.Data["EmbeddingGrpc__Tls__KeyPath"]);
        foreach (var probe in new[] { chart.Daemon.StartupProbe, chart.Daemon.ReadinessProbe, chart.Daemon.LivenessProbe })
        {
            Assert.Null(probe.Grpc);
            Assert.Equal("HTTPS", probe.HttpGet.Scheme);
        }

        var test = chart.Objects.OfType<V1Pod>().Single();
        Assert.StartsWith("https://", test.Spec.Containers.Single().Args[^1], StringComparison.Ordinal);
        // The key is the daemon's alone.
        Assert.Equal(["ca.crt"], test.Spec.Volumes.Single().Secret.Items.Select(item => item.Key));
    }

    [Fact]
    public async Task ClientCa_Secret_IsMountedWithoutItsKey_AndTheTestPresentsACertificate()
    {
        var chart = await HelmChart.RenderAsync(
            Cancel, "--set", "tls.existingSecret=recall-tls,tls.clientCa.existingSecret.name=callers,tls.clientCa.existingSecret.key=bundle.pem,tests.clientCertificate.secretName=tester");
        Assert.Equal("/clients/ca.crt", chart.Settings.Data["EmbeddingGrpc__Tls__ClientCaPath"]);
        var mount = chart.Daemon.VolumeMounts.Single(m => m.MountPath == "/clients");
        var secret = chart.Pod.Spec.Volumes.Single(v => v.Name == mount.Name).Secret;
        Assert.Equal(("callers", "bundle.pem", "ca.crt"), (secret.SecretName, secret.Items.Single().Key, secret.Items.Single().Path));

        var test = chart.Objects.OfType<V1Pod>().Single().Spec;
        var variables = test.Containers.Single().Env.ToDictionary(variable => variable.Name, variable => variable.Value);
        Assert.Equal(("/client/tls.crt", "/client/tls.key"), (variables["EMBEDDINGGRPC_CLIENT_CERTIFICATE"], variables["EMBEDDINGGRPC_CLIENT_KEY"]));
        Assert.Equal("tester", test.Volumes.Single(v => v.Name == "client").Secret.SecretName);
    }

    [Fact]
    public async Task AccessKeys_Secret_IsMountedAndTheTestHoldsAKey()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "accessKeys.existingSecret.name=recall-keys,tests.accessKey.secretName=recall-admin");
        var mount = chart.Daemon.VolumeMounts.Single(m => m.MountPath == "/keys");
        Assert.Equal("recall-keys", chart.Pod.Spec.Volumes.Single(v => v.Name == mount.Name).Secret.SecretName);
        Assert.Equal("/keys/keys", chart.Settings.Data["EmbeddingGrpc__AccessKeysFile"]);
        var variable = chart.Objects.OfType<V1Pod>().Single().Spec.Containers.Single().Env.Single();
        Assert.Equal(("EMBEDDINGGRPC_ACCESS_KEY", "recall-admin"), (variable.Name, variable.ValueFrom.SecretKeyRef.Name));
    }

    [Fact]
    public async Task OpenTelemetry_Endpoint_BecomesTheStandardEnvironment()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "openTelemetry.endpoint=http://collector:4317", "--set-json", "openTelemetry.sampleRatio=0.25");
        Assert.Equal("http://collector:4317", chart.Settings.Data["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("grpc", chart.Settings.Data["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal("0.25", chart.Settings.Data["OTEL_TRACES_SAMPLER_ARG"]);
        Assert.DoesNotContain((await HelmChart.RenderAsync(Cancel)).Settings.Data.Keys, key => key.StartsWith("OTEL_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RedisTrial_On_IsConnectedAndLetThrough()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "redis.trial.enabled=true");
        var service = chart.Service("redis");
        Assert.Equal($"{service.Metadata.Name}:6379", chart.Settings.Data["EmbeddingGrpc__Redis__Configuration"]);
        var deployment = chart.Objects.OfType<V1Deployment>().Single();
        Assert.True(RenderedChart.Selects(service.Spec.Selector, deployment.Spec.Template.Metadata.Labels));
        Assert.False(RenderedChart.Selects(service.Spec.Selector, chart.Pod.Metadata.Labels));
        var egress = chart.Objects.OfType<V1NetworkPolicy>().Single().Spec.Egress;
        Assert.Contains(egress, rule => rule.To?.Any(peer => RenderedChart.Selects(peer.PodSelector.MatchLabels, deployment.Spec.Template.Metadata.Labels)) == true);
        Assert.True(deployment.Spec.Template.Spec.SecurityContext.RunAsNonRoot);
    }

    [Fact]
    public async Task TestPod_UsesTheToolsOfTheSameVersion()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "image.repository=registry/recall,image.tag=1.2.3");
        var container = chart.Objects.OfType<V1Pod>().Single().Spec.Containers.Single();
        Assert.Equal("registry/recall-tools:1.2.3", container.Image);
        Assert.Equal(["check", "--address", "http://shop-embedding-grpc-recall:50051"], container.Args);
    }

    [Fact]
    public async Task Settings_Changed_RestartThePod()
    {
        var before = await HelmChart.RenderAsync(Cancel);
        var after = await HelmChart.RenderAsync(Cancel, "--set", "settings.Model.Training.Dimension=64");
        Assert.NotEqual(before.Pod.Metadata.Annotations["checksum/config"], after.Pod.Metadata.Annotations["checksum/config"]);
    }

    [Fact]
    public async Task Redis_NotConfigured_LeavesNoTrace()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        Assert.DoesNotContain(chart.Objects, o => o is V1Secret);
        Assert.DoesNotContain(chart.Daemon.Env, variable => variable.Name.Contains("Redis", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_Configuration_IsKeptInASecret()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set-string", "redis.configuration=redis:6379\\,password=x");
        var secret = chart.Objects.OfType<V1Secret>().Single();
        var reference = chart.Daemon.Env.Single(e => e.Name == "EmbeddingGrpc__Redis__Configuration").ValueFrom.SecretKeyRef;
        Assert.Equal(secret.Metadata.Name, reference.Name);
        Assert.Equal("redis:6379,password=x", secret.StringData[reference.Key]);
        Assert.DoesNotContain(chart.Settings.Data, pair => pair.Value.Contains("redis:6379", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_ExistingSecret_IsReferenced()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "redis.existingSecret.name=mine,redis.existingSecret.key=url");
        var reference = chart.Daemon.Env.Single(variable => variable.ValueFrom is not null).ValueFrom.SecretKeyRef;
        Assert.Equal(("mine", "url"), (reference.Name, reference.Key));
        Assert.DoesNotContain(chart.Objects, o => o is V1Secret);
    }

    [Fact]
    public async Task NetworkPolicy_NamedClients_ReachOnlyGrpc()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", "networkPolicy.clients[0].podSelector.matchLabels.app=web");
        var rules = chart.Objects.OfType<V1NetworkPolicy>().Single().Spec.Ingress;
        var rule = Assert.Single(rules, r => r.FromProperty.Any(peer => peer.PodSelector?.MatchLabels?.ContainsKey("app") == true));
        Assert.Equal(["grpc"], rule.Ports.Select(p => p.Port.Value));
    }

    [Fact]
    public async Task NetworkPolicy_AnyClients_LetsTheTestPodCall()
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--values", Path.Combine(HelmChart.Folder, "values-production.yaml"));
        var test = chart.Objects.OfType<V1Pod>().Single();
        var grpc = chart.Objects.OfType<V1NetworkPolicy>().Single().Spec.Ingress.Single(r => r.Ports.Any(p => p.Port.Value == "grpc"));
        Assert.Contains(grpc.FromProperty, peer => peer.NamespaceSelector is null && RenderedChart.Selects(peer.PodSelector.MatchLabels, test.Metadata.Labels));
    }

    [Theory]
    [InlineData("networkPolicy.enabled", typeof(V1NetworkPolicy))]
    [InlineData("podDisruptionBudget.enabled", typeof(V1PodDisruptionBudget))]
    [InlineData("serviceAccount.create", typeof(V1ServiceAccount))]
    public async Task Switch_Off_RendersNothingOfIt(string value, Type kind)
    {
        var chart = await HelmChart.RenderAsync(Cancel, "--set", $"{value}=false");
        Assert.DoesNotContain(chart.Objects, kind.IsInstanceOfType);
    }

    [Fact]
    public async Task Drain_PreStop_SleepsInsideTheGracePeriod()
    {
        var chart = await HelmChart.RenderAsync(Cancel);
        Assert.InRange(chart.Daemon.Lifecycle.PreStop.Sleep.Seconds, 1, chart.Pod.Spec.TerminationGracePeriodSeconds!.Value - 1);
    }
}
