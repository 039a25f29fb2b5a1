using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Retraining;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Models.Retraining;

public sealed class RetrainScheduleTests : IDisposable
{
    private static readonly ModelOptions Options = TestModel.SmallOptions with
    {
        Retrain = new RetrainOptions { AfterInteractions = 300, AtMostEvery = TimeSpan.FromMinutes(5) },
    };

    private readonly TemporaryDirectory _temporary = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Look_EnoughNewInteractions_TrainsOnceAndNotBeforeThereAreMore()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Options);
        using var schedule = ScheduleOf(model);
        await model.AppendAsync(TestModel.Camps(users: 20, itemsOfCamp: 10, length: 10));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(schedule.Look());

        await model.AppendAsync(TestModel.Camps(users: 10, itemsOfCamp: 10, length: 10));
        var first = Assert.Single(schedule.Look());
        await first.Completion.WaitAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(schedule.Look());

        await model.AppendAsync(TestModel.Camps(users: 30, itemsOfCamp: 10, length: 10));
        Assert.Equal(2, (await Assert.Single(schedule.Look()).Completion.WaitAsync(TestContext.Current.CancellationToken)).Generation.Number);
    }

    [Fact]
    public async Task Look_TrainingFailed_DoesNotTryTheSameAgain()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Options);
        using var schedule = ScheduleOf(model);
        // One interaction a user makes no session.
        await model.AppendAsync(TestModel.Camps(users: 400, itemsOfCamp: 10, length: 1));
        _time.Advance(TimeSpan.FromMinutes(5));
        await Assert.ThrowsAsync<NothingToTrainException>(() => Assert.Single(schedule.Look()).Completion.WaitAsync(TestContext.Current.CancellationToken));

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Empty(schedule.Look());
    }

    public void Dispose() => _temporary.Dispose();

    private RetrainSchedule ScheduleOf(TestModel model)
    {
        var registry = new ModelRegistry();
        registry.Add(model.Runtime);
        return new RetrainSchedule(registry, _time, NullLogger<RetrainSchedule>.Instance);
    }
}
