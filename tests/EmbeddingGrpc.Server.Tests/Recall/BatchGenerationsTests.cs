using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Models;

namespace EmbeddingGrpc.Server.Tests.Recall;

public sealed class BatchGenerationsTests
{
    [Fact]
    public async Task Of_GenerationReplacedAmidABatch_StaysTheOneItBeganWith()
    {
        using var directory = new TemporaryDirectory();
        await using var model = await TestModel.OpenAsync(directory.Path);
        await model.AppendAsync(TestModel.Camps(users: 20, itemsOfCamp: 10, length: 10));
        await model.TrainAsync();
        using var batch = new BatchGenerations();
        var first = batch.Of(model.Runtime);
        await model.TrainAsync();

        Assert.NotEqual(first.Id, model.Runtime.Generations.Serving!.Id);
        Assert.Same(first, batch.Of(model.Runtime));
        // Its memory is there for as long as the batch is.
        Assert.Equal(16, first.Input[new Numerics.ItemOrdinal(0)].Length);
        using var next = new BatchGenerations();
        Assert.Equal(model.Runtime.Generations.Serving!.Id, next.Of(model.Runtime).Id);
    }

    [Fact]
    public async Task Of_ModelWhoseGenerationsMayStillBeLoaded_SaysThatThereIsNone()
    {
        using var directory = new TemporaryDirectory();
        await using var model = await TestModel.OpenAsync(directory.Path);
        using var batch = new BatchGenerations();

        Assert.Throws<NoGenerationException>(() => batch.Of(model.Runtime));
        model.Runtime.AnswerUntrained();
        var untrained = batch.Of(model.Runtime);
        Assert.Equal((true, 0, ""), (untrained.IsUntrained, untrained.ItemCount, untrained.IdText));

        // One that comes meanwhile is the next batch's.
        await model.AppendAsync(TestModel.Camps(users: 20, itemsOfCamp: 10, length: 10));
        await model.TrainAsync();
        Assert.Same(untrained, batch.Of(model.Runtime));
    }
}
