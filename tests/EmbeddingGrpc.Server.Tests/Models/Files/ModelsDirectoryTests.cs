using EmbeddingGrpc.Server.Models.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

public sealed class ModelsDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    [Fact]
    public void Read_WhatCreateWrote_IsTheSame()
    {
        var directory = Open();
        var definition = Example("films");
        directory.Create(definition);

        var read = Open().Read("films");

        Assert.Equal((definition.Name, definition.EventsFrom, definition.CreateTime), (read.Name, read.EventsFrom, read.CreateTime));
        Assert.Equal(definition.Options, read.Options);
        Assert.Equal(["films"], directory.Names());
    }

    [Fact]
    public void Create_CrashBeforeAnyStep_ModelIsWholeOrNotThere()
    {
        var disk = new CrashingDisk();
        Open(disk.Files).Create(Example("films"));
        var steps = disk.Steps.Count;
        for (var crashAt = 0; crashAt < steps; crashAt++)
        {
            Directory.Delete(_temporary.At("models"), recursive: true);
            var crashing = new CrashingDisk();
            var crashes = crashAt;
            crashing.Fail = (step, _) => step == crashes ? new SimulatedCrashException() : null;
            Assert.Throws<SimulatedCrashException>(() => Open(crashing.Files).Create(Example("films")));

            var reopened = Open();

            if (reopened.Names() is []) Assert.Empty(Directory.GetFileSystemEntries(_temporary.At("models")));
            else Assert.Equal("films", reopened.Read("films").Name);
        }
    }

    [Fact]
    public void Delete_CrashBeforeAnyStep_ModelIsWholeOrGoneAfterTheNextStart()
    {
        for (var crashAt = 0; crashAt < 3; crashAt++)
        {
            var disk = new CrashingDisk();
            var directory = Open(disk.Files);
            if (directory.Names() is []) directory.Create(Example("films"));
            var first = disk.Steps.Count;
            var crashes = crashAt;
            disk.Fail = (step, _) => step == first + crashes ? new SimulatedCrashException() : null;
            Assert.Throws<SimulatedCrashException>(() => directory.Delete("films"));

            var reopened = Open();

            if (crashAt == 0) Assert.Equal("films", reopened.Read("films").Name);
            else Assert.Empty(Directory.GetFileSystemEntries(_temporary.At("models")));
        }
    }

    [Fact]
    public void Read_AnyByteChanged_IsRefusedByFile()
    {
        var directory = Open();
        directory.Create(Example("films"));
        var path = _temporary.At("models", "films", "model.json");
        var bytes = File.ReadAllBytes(path);
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0x01;
            File.WriteAllBytes(path, damaged);

            Assert.Equal(path, Assert.Throws<ModelFileException>(() => directory.Read("films")).File);
        }
    }

    [Fact]
    public void Read_DirectoryCopiedByHand_IsRefused()
    {
        var directory = Open();
        directory.Create(Example("films"));
        Directory.CreateDirectory(_temporary.At("models", "books"));
        File.Copy(_temporary.At("models", "films", "model.json"), _temporary.At("models", "books", "model.json"));

        Assert.Contains("defines model 'films'", Assert.Throws<ModelFileException>(() => directory.Read("books")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replace_Always_KeepsTheRestOfTheModel()
    {
        var directory = Open();
        directory.Create(Example("films"));
        File.WriteAllText(_temporary.At("models", "films", "something"), "else");

        directory.Replace(Example("films") with { Options = new() { ["Index.M"] = "8" } });

        Assert.Equal("8", directory.Read("films").Options["Index.M"]);
        Assert.True(File.Exists(_temporary.At("models", "films", "something")));
    }

    public void Dispose() => _temporary.Dispose();

    private ModelsDirectory Open(DurableFiles? files = null)
    {
        var directory = new ModelsDirectory(_temporary.Path, NullLogger.Instance, files);
        directory.Prepare();
        return directory;
    }

    private static ModelDefinition Example(string name) => new()
    {
        Name = name,
        EventsFrom = "default",
        CreateTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Options = new() { ["Training.Dimension"] = "32", ["SessionGap"] = "00:30:00" },
    };
}
