using EmbeddingGrpc.Server.Access;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Tests.Hosting;

namespace EmbeddingGrpc.Server.Tests.Access;

public sealed class AccessKeysFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => Path.Combine(_folder.FullPath, "keys");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_SeveralRoles_AreTheHoldersTogether()
    {
        File.WriteAllText(FilePath, "both  recall,ingest\tthe-key-of-both-here\n");
        var holder = Assert.Single(AccessKeysFile.Read(FilePath));
        Assert.Equal(AccessKeysFile.HashOf("the-key-of-both-here"), holder.Key);
        Assert.Equal(new AccessKeyHolder("both", AccessRole.Recall | AccessRole.Ingest), holder.Value);
    }

    [Theory]
    [InlineData("web recall", "line 1: it has 2 words")]
    [InlineData("web recall short", "line 1: the key has 5 characters")]
    [InlineData("web recall,root 0123456789abcdef", "line 1: 'root' is no role; known are admin, ingest, recall")]
    [InlineData("a recall 0123456789abcdef\nb admin 0123456789abcdef", "line 2: the key of 'b' is also that of 'a'")]
    [InlineData("# nothing\n\n", "has no key")]
    public void Read_WrongLine_IsNamedWithoutItsKey(string content, string problem)
    {
        File.WriteAllText(FilePath, content);
        var refusal = Assert.Throws<InvalidSettingException>(() => AccessKeysFile.Read(FilePath));
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef", refusal.Message, StringComparison.Ordinal);
    }
}
