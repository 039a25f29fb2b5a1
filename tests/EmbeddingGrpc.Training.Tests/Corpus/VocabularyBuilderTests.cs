using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class VocabularyBuilderTests
{
    [Fact]
    public void Build_CountsAndTies_OrdersByFallingCountThenByBytes()
    {
        var vocabulary = Build("b a c c é z z z a b", 1, out int[] ordinals);
        Assert.Equal(["z", "a", "b", "c", "é"], Enumerable.Range(0, 5).Select(i => vocabulary.IdOf(new ItemOrdinal(i))));
        Assert.Equal([3, 2, 2, 2, 1], Enumerable.Range(0, 5).Select(i => vocabulary.CountOf(new ItemOrdinal(i))));
        Assert.Equal([2, 1, 3, 4, 0], ordinals);
        Assert.Equal(10, vocabulary.TotalCount);
    }

    [Fact]
    public void Build_MinimumCount_LeavesRarerItemsOut()
    {
        var vocabulary = Build("b a c c z z z a", 2, out int[] ordinals);
        Assert.Equal(3, vocabulary.Count);
        Assert.Equal(7, vocabulary.TotalCount);
        Assert.Equal([-1, 1, 2, 0], ordinals);
        Assert.False(vocabulary.TryGetOrdinal("b", out _));
    }

    [Fact]
    public void Build_OfNothing_IsEmpty()
    {
        var vocabulary = Build("", 1, out int[] ordinals);
        Assert.Equal(0, vocabulary.Count);
        Assert.Empty(ordinals);
        Assert.False(vocabulary.TryGetOrdinal("a", out _));
    }

    private static Vocabulary Build(string words, int minimumCount, out int[] ordinals)
    {
        var builder = new VocabularyBuilder();
        foreach (string word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            builder.Add(word);
        }

        return builder.Build(minimumCount, out ordinals);
    }
}
