using k8s.Models;

namespace EmbeddingGrpc.FunctionalTests.Chart;

/// <summary>
/// Replicas that only recall join without a rename: what is there already chooses them by what they serve. The daemon has no such role yet, so
/// the chart is rendered as it will be when it has.
/// </summary>
public sealed class ChartReplicaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replicas_Joining_RenameNothingAndMoveNoPod()
    {
        var before = await HelmChart.RenderAsync(Cancel);
        var after = await HelmChart.RenderWithReplicasAsync(Cancel);
        Assert.Subset(after.Objects.Select(Name).ToHashSet(), before.Objects.Select(Name).ToHashSet());
        Assert.Equal(before.StatefulSet.Spec.Selector.MatchLabels, after.StatefulSet.Spec.Selector.MatchLabels);
        Assert.Equal(before.Pod.Metadata.Labels, after.Pod.Metadata.Labels);
        foreach (var service in new[] { "events", "recall", "headless" })
            Assert.Equal(before.Service(service).Spec.Selector, after.Service(service).Spec.Selector);
    }

    [Fact]
    public async Task Replica_IsChosenByTheServicesOfRecall_NotOfEvents()
    {
        var chart = await HelmChart.RenderWithReplicasAsync(Cancel);
        var replica = Replica(chart).Spec.Template.Metadata.Labels;
        Assert.True(RenderedChart.Selects(chart.Service("recall").Spec.Selector, replica));
        Assert.True(RenderedChart.Selects(chart.Service("headless").Spec.Selector, replica));
        Assert.False(RenderedChart.Selects(chart.Service("events").Spec.Selector, replica));
        Assert.False(RenderedChart.Selects(chart.StatefulSet.Spec.Selector.MatchLabels, replica));
        Assert.False(RenderedChart.Selects(Replica(chart).Spec.Selector.MatchLabels, chart.Pod.Metadata.Labels));
        Assert.All(chart.Objects.OfType<V1NetworkPolicy>(), policy => Assert.True(RenderedChart.Selects(policy.Spec.PodSelector.MatchLabels, replica)));
        var budgets = chart.Objects.OfType<V1PodDisruptionBudget>().Where(b => RenderedChart.Selects(b.Spec.Selector.MatchLabels, replica));
        Assert.Equal("shop-embedding-grpc-recall", budgets.Single().Metadata.Name);
    }

    [Fact]
    public async Task Replica_IsReadyOnceItRecalls_AndReadinessCounts()
    {
        var chart = await HelmChart.RenderWithReplicasAsync(Cancel);
        var container = Replica(chart).Spec.Template.Spec.Containers.Single();
        Assert.Equal("embeddinggrpc.v1.RecallService", container.ReadinessProbe.Grpc.Service);
        Assert.Equal("Replica", container.Env.Single(v => v.Name == "EmbeddingGrpc__Role").Value);
        Assert.DoesNotContain(chart.Daemon.Env, v => v.Name == "EmbeddingGrpc__Role");
        // With others to ask, a pod that cannot recall gets no calls.
        Assert.NotEqual(true, chart.Service("recall").Spec.PublishNotReadyAddresses);
        Assert.True((await HelmChart.RenderAsync(Cancel)).Service("recall").Spec.PublishNotReadyAddresses);
    }

    [Fact]
    public async Task Replicas_Autoscaled_FollowCpuAndSearchesInFlight()
    {
        var chart = await HelmChart.RenderWithReplicasAsync(Cancel, "--set", "replicas.autoscaling.searchesInFlight=8,replicas.autoscaling.maxReplicas=20");
        var scaler = chart.Objects.OfType<V2HorizontalPodAutoscaler>().Single().Spec;
        Assert.Equal(("Deployment", Replica(chart).Metadata.Name), (scaler.ScaleTargetRef.Kind, scaler.ScaleTargetRef.Name));
        Assert.Equal((2, 20), (scaler.MinReplicas, scaler.MaxReplicas));
        Assert.Equal(70, scaler.Metrics.Single(m => m.Type == "Resource").Resource.Target.AverageUtilization);
        Assert.Equal("8", scaler.Metrics.Single(m => m.Type == "Pods").Pods.Target.AverageValue.ToString());
        // Two writers of one number would fight.
        Assert.Null(Replica(chart).Spec.Replicas);
        Assert.NotEmpty(Replica(chart).Spec.Template.Spec.Containers.Single().Resources.Requests["cpu"].ToString());
    }

    [Fact]
    public async Task Replicas_NotAutoscaled_AreAsManyAsTold()
    {
        var chart = await HelmChart.RenderWithReplicasAsync(Cancel, "--set", "replicas.autoscaling.enabled=false,replicas.count=3");
        Assert.Equal(3, Replica(chart).Spec.Replicas);
        Assert.DoesNotContain(chart.Objects, o => o is V2HorizontalPodAutoscaler);
    }

    [Fact]
    public async Task Replicas_ByDefault_SpreadOverZonesAndNodes()
    {
        var chart = await HelmChart.RenderWithReplicasAsync(Cancel);
        var spread = Replica(chart).Spec.Template.Spec.TopologySpreadConstraints;
        Assert.Equal(["topology.kubernetes.io/zone", "kubernetes.io/hostname"], spread.Select(c => c.TopologyKey));
        Assert.All(spread, c => Assert.True(RenderedChart.Selects(c.LabelSelector.MatchLabels, Replica(chart).Spec.Template.Metadata.Labels)));
        Assert.All(spread, c => Assert.False(RenderedChart.Selects(c.LabelSelector.MatchLabels, chart.Pod.Metadata.Labels)));
    }

    private static V1Deployment Replica(RenderedChart chart) =>
        chart.Objects.OfType<V1Deployment>().Single(d => d.Metadata.Labels["app.kubernetes.io/component"] == "replica");

    private static string Name(k8s.IKubernetesObject<V1ObjectMeta> made) => $"{made.Kind} {made.Metadata.Name}";
}
