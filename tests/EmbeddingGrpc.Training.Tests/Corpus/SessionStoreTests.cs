using CsCheck;

namespace EmbeddingGrpc.Training.Tests;

public sealed class SessionStoreTests
{
    [Fact]
    public void Renumber_AnySessions_AgreesWithLists() =>
        Gen.Select(Gen.Int[0, 9].Array[0, 20].Array[0, 50], Gen.Int[-1, 20].Array[10]).Sample((sessions, ordinals) =>
        {
            var store = new SessionStore();
            foreach (int[] session in sessions)
            {
                store.Add(session);
            }

            Assert.Equal(sessions.Where(s => s.Length > 0), Contents(store));

            store.Renumber(ordinals, TestContext.Current.CancellationToken);
            var expected = sessions.Select(s => s.Select(i => ordinals[i]).Where(o => o >= 0).ToArray()).Where(s => s.Length > 0).ToArray();
            Assert.Equal(expected, Contents(store));
            Assert.Equal(expected.Sum(s => s.Length), store.WordCount);
        });

    [Fact]
    public void Add_ManySessions_CostsFourBytesAnInteractionAndEightASession()
    {
        var store = new SessionStore();
        int[] session = [.. Enumerable.Range(0, 50)];
        for (int i = 0; i < 100_000; i++)
        {
            store.Add(session);
        }

        Assert.Equal(5_000_000, store.WordCount);
        Assert.True(store[99_999].SequenceEqual(session));
        // A quarter for the capacity that doubling and the last chunk leave unused.
        Assert.InRange(store.SizeBytes, 0, 1.25 * ((5_000_000 * 4) + (100_000 * 8)));
    }

    [Fact]
    public void Add_LongerThanAChunk_CutsIt()
    {
        var store = new SessionStore();
        store.Add([7]);
        store.Add(Enumerable.Range(0, SessionStore.MaximumLength + 3).ToArray());
        Assert.Equal([1, SessionStore.MaximumLength, 3], Contents(store).Select(s => s.Length));
        Assert.Equal([SessionStore.MaximumLength, SessionStore.MaximumLength + 1, SessionStore.MaximumLength + 2], store[2].ToArray());
    }

    private static IEnumerable<int[]> Contents(SessionStore store) => Enumerable.Range(0, store.Count).Select(i => store[i].ToArray());
}
