using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class ModelRegistryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    [Fact]
    public async Task Get_EmptyName_IsTheDefaultModel()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        var registry = new ModelRegistry();
        registry.Add(model.Runtime);

        Assert.Same(model.Runtime, registry.Get(""));
        Assert.Same(model.Runtime, registry.Get("default"));
    }

    [Fact]
    public async Task Get_UnknownName_NamesItAndTheKnownOnes()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await using var other = await TestModel.OpenAsync(_temporary.Path, name: "another");
        var registry = new ModelRegistry();
        registry.Add(model.Runtime);
        registry.Add(other.Runtime);

        var error = Assert.Throws<ModelNotFoundException>(() => registry.Get("films"));

        Assert.Equal("Model 'films' does not exist. Known models: another, default.", error.Message);
        Assert.Equal(["another", "default"], registry.Models.Select(known => known.Name));
    }

    [Fact]
    public void Get_DefaultBeforeItIsOpen_IsUnavailableNotUnknown() =>
        Assert.Contains("still opening", Assert.Throws<ModelUnavailableException>(() => new ModelRegistry().Get("default")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task AddFailure_ThenAdd_TheModelServesAgain()
    {
        var registry = new ModelRegistry();
        registry.AddFailure("default", new IOException("the disk is gone"));

        var error = Assert.Throws<ModelUnavailableException>(() => registry.Get(""));
        Assert.Equal("Model 'default' is not available: the disk is gone", error.Message);

        await using var model = await TestModel.OpenAsync(_temporary.Path);
        registry.Add(model.Runtime);
        Assert.Same(model.Runtime, registry.Get(""));
        Assert.Empty(registry.Failures);
    }

    [Fact]
    public async Task Add_SameNameTwice_IsRefused()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        var registry = new ModelRegistry();
        registry.Add(model.Runtime);

        Assert.Throws<ArgumentException>(() => registry.Add(model.Runtime));
    }

    [Fact]
    public async Task Remove_Model_IsNotFoundAnyMore()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, name: "films");
        var registry = new ModelRegistry();
        registry.Add(model.Runtime);

        Assert.Same(model.Runtime, registry.Remove("films"));
        Assert.Null(registry.Remove("films"));
        Assert.Throws<ModelNotFoundException>(() => registry.Get("films"));
    }

    public void Dispose() => _temporary.Dispose();
}
