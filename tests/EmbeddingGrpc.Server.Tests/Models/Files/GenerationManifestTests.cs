using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

public sealed class GenerationManifestTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private string FilePath => _temporary.At(GenerationManifest.FileName);

    [Fact]
    public void Read_WhatSerializeWrote_IsTheSame()
    {
        var manifest = Example();
        File.WriteAllBytes(FilePath, manifest.Serialize());

        var read = GenerationManifest.Read(FilePath);

        Assert.Equal(manifest.Id, read.Id);
        Assert.Equal(manifest.Number, read.Number);
        Assert.Equal(manifest.CreateTime, read.CreateTime);
        Assert.Equal(manifest.TrainedOffset, read.TrainedOffset);
        Assert.Equal((manifest.ItemCount, manifest.Dimension, manifest.Similar, manifest.Next), (read.ItemCount, read.Dimension, read.Similar, read.Next));
        Assert.Equal(manifest.Metrics, read.Metrics);
        Assert.Equal(manifest.Files, read.Files);
    }

    [Fact]
    public void Read_AnyByteChanged_IsRefused()
    {
        var bytes = Example().Serialize();
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0x01;
            File.WriteAllBytes(FilePath, damaged);

            var error = Assert.Throws<GenerationFileException>(() => GenerationManifest.Read(FilePath));
            Assert.Equal(FilePath, error.File);
        }
    }

    [Fact]
    public void Read_Truncated_IsRefused()
    {
        var bytes = Example().Serialize();
        foreach (var length in new[] { 0, 1, bytes.Length / 2, bytes.Length - 1 })
        {
            File.WriteAllBytes(FilePath, bytes[..length]);

            Assert.Throws<GenerationFileException>(() => GenerationManifest.Read(FilePath));
        }
    }

    [Fact]
    public void Read_UnknownVersion_SaysBothVersions()
    {
        File.WriteAllText(FilePath, """{ "formatVersion": 7, "shape": "nobody knows yet" }""");

        var error = Assert.Throws<GenerationFileException>(() => GenerationManifest.Read(FilePath));

        Assert.Contains("format version 7", error.Reason, StringComparison.Ordinal);
        Assert.Contains("reads versions 1 to 2", error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{ "formatVersion": 1 }""")]
    public void Read_NotAManifest_IsRefused(string text)
    {
        File.WriteAllText(FilePath, text);

        Assert.Throws<GenerationFileException>(() => GenerationManifest.Read(FilePath));
    }

    [Fact]
    public void Read_Absent_NamesTheFile() =>
        Assert.Equal(FilePath, Assert.Throws<GenerationFileException>(() => GenerationManifest.Read(FilePath)).File);

    public void Dispose() => _temporary.Dispose();

    private static GenerationManifest Example() => new()
    {
        Id = "00000000000000aa",
        Number = 3,
        CreateTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        TrainedOffset = 12345,
        ItemCount = 10,
        Dimension = 8,
        HasSimilaritySpace = true,
        Similar = IndexKind.Hnsw,
        Next = IndexKind.Exact,
        Metrics = new() { ["training.loss"] = 0.1 + 0.2, ["index.recall_at_10"] = 1 },
        Files = [new("vocabulary.bin", 100, "0123456789abcdef"), new("input.vectors", 1L << 40, "fedcba9876543210")],
    };
}
