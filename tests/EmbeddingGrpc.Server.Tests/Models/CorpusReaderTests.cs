using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class CorpusReaderTests
{
    [Fact]
    public async Task Read_WeightsOfTypes_MultiplyTheInteractionsOwn()
    {
        using var directory = new TemporaryDirectory();
        var options = TestModel.SmallOptions with { TrainingWeights = new InteractionWeights { View = 0.5, Purchase = 4 } };
        await using var model = await TestModel.OpenAsync(directory.Path, options);
        await model.AppendAsync(
        [
            new Interaction("user", "viewed", InteractionType.View, 1_700_000_000_000),
            new Interaction("user", "clicked", InteractionType.Click, 1_700_000_000_001, Weight: 3),
            new Interaction("user", "bought", InteractionType.Purchase, 1_700_000_000_002, Weight: 2),
            new Interaction("user", "stray", InteractionType.Click, 1_700_000_000_003, Weight: 1e9f),
        ]);

        var corpus = CorpusReader.Read(
            "default", model.Runtime.Log, model.Runtime.Log.DurableOffset, options, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal([(Half)0.5, (Half)3, (Half)8, (Half)InteractionWeights.MaximumOwnWeight], corpus.Weights(0).ToArray());
    }

    [Fact]
    public async Task Read_NoWeightOtherThanOne_KeepsNone()
    {
        using var directory = new TemporaryDirectory();
        await using var model = await TestModel.OpenAsync(directory.Path);
        await model.AppendAsync(TestModel.Camps(2, 3, 4));
        var corpus = CorpusReader.Read(
            "default", model.Runtime.Log, model.Runtime.Log.DurableOffset, TestModel.SmallOptions, _ => { }, TestContext.Current.CancellationToken);
        Assert.False(corpus.HasWeights);
        Assert.Equal(8, corpus.WordCount);
    }
}
