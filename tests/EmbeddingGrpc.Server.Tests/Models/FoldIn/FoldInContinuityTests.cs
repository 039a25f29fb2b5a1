using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Training.Word2vec;
using static EmbeddingGrpc.Server.Tests.Models.FoldIn.FoldInModel;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

/// <summary>What was folded into one generation, in the next one and after a start.</summary>
public sealed class FoldInContinuityTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Import_VectorsWithoutAnItemThatWasFoldedIn_ItIsRecallableWhenTheyServe()
    {
        await using var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 2000);
        await model.AppendAsync(Visits("new", camp: 0, visits: 5));
        await FoldedInAsync(model, "new");

        var reader = new VectorUpload("input", Word2vecFormat.Text);
        var lines = Enumerable.Range(0, ItemsOfCamp).Select(item => $"camp0-{item} 1 0 {item * 0.001:0.000}").ToArray();
        reader.Append(System.Text.Encoding.UTF8.GetBytes($"{lines.Length} 3\n{string.Join('\n', lines)}\n"));
        var imported = await model.Runtime.ImportAsync(reader.Complete(), null, Cancellation);

        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            Assert.Equal(imported.Id, lease.Generation.Id);
            Assert.True(lease.Generation.TryGetOrdinal("new", out var item), "The new generation does not know what could be recalled before.");
            Assert.True(lease.Generation.InputOf(item)[0] > 0.9f);
        }
    }

    [Fact]
    public async Task Open_NewItemsSinceTheTraining_AreFoldedInFromTheLog()
    {
        await using (var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 2000))
        {
            await model.AppendAsync(Visits("new", camp: 1, visits: 3));
            await FoldedInAsync(model, "new");
        }

        await using var again = await TestModel.OpenAsync(_temporary.Path, Options(2000));
        again.Runtime.ServeStoredGeneration(Cancellation);

        await FoldedInAsync(again, "new");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_WhatWasFoldedInWasKept_IsNotReadFromTheLogAgainUnlessDamaged(bool isDamaged)
    {
        LogOffset trained, kept;
        await using (var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 0))
        {
            trained = model.Runtime.Log.DurableOffset;
            await model.AppendAsync(Visits("new", camp: 0, visits: 3));
            await model.Runtime.WaitForFoldInAsync(model.Runtime.Log.DurableOffset, Cancellation);
            // Its contexts are new themselves.
            await model.AppendAsync(Enumerable.Range(0, 6).Select(step => new Interaction("follower", step % 2 == 0 ? "new" : "newer", InteractionType.Click, Later + 50 + step)));
            await model.Runtime.WaitForFoldInAsync(model.Runtime.Log.DurableOffset, Cancellation);
            model.Runtime.Generations.TryLease(out var lease);
            using (lease)
            {
                Assert.Equal(trained, lease.Generation.Folder!.KeptThrough);
                lease.Generation.Folder.Keep();
                Assert.Equal(kept = model.Runtime.Log.DurableOffset, lease.Generation.Folder.KeptThrough);
            }
        }

        if (isDamaged)
        {
            var path = Assert.Single(Directory.GetFiles(_temporary.Path, FoldInFile.FileName, SearchOption.AllDirectories));
            var bytes = await File.ReadAllBytesAsync(path, Cancellation);
            bytes[^20] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, Cancellation);
        }

        await using var again = await TestModel.OpenAsync(_temporary.Path, Options(exactSearchBelow: 0));
        again.Runtime.ServeStoredGeneration(Cancellation);
        await again.Runtime.WaitForFoldInAsync(again.Runtime.Log.DurableOffset, Cancellation);

        again.Runtime.Generations.TryLease(out var after);
        using (after)
        {
            var generation = after.Generation;
            // It only ever rises: what is folded in from there on was not read again.
            Assert.Equal(isDamaged ? trained : kept, generation.Folder!.KeptThrough);
            // Read from the log in one go, what follows nothing but new items has no context.
            string[] found = isDamaged ? ["new"] : ["new", "newer"];
            Assert.Equal((2 * ItemsOfCamp) + found.Length, generation.ItemCount);
            foreach (var id in found)
            {
                var query = new float[generation.Similarity.Dimension];
                generation.SimilarityQuery(Ordinal(generation, id), query);
                var similar = Ids(generation, generation.Similar, query, 12).Where(other => !other.StartsWith("new", StringComparison.Ordinal)).ToList();
                Assert.True(similar.Count(other => other.StartsWith("camp0-", StringComparison.Ordinal)) >= 8, $"{id}: {string.Join(' ', similar)}");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Serve_NothingHappensYet_TheIndexesAreReadyForTheFirstItem(bool fromDisk)
    {
        var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 0);
        if (fromDisk)
        {
            await model.DisposeAsync();
            model = await TestModel.OpenAsync(_temporary.Path, Options(exactSearchBelow: 0));
            model.Runtime.ServeStoredGeneration(Cancellation);
        }

        await using (model)
        {
            model.Runtime.Generations.TryLease(out var lease);
            using (lease)
            {
                // Where a training ends it is so before the generation serves.
                if (!fromDisk) Assert.True(lease.Generation.Folder!.IsPrepared);
                await Eventually.UntilAsync(() => lease.Generation.Folder!.IsPrepared);
            }
        }
    }

    public void Dispose() => _temporary.Dispose();
}
