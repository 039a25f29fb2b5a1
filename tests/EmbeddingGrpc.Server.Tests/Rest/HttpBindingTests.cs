using EmbeddingGrpc.Server.Rest;

namespace EmbeddingGrpc.Server.Tests.Rest;

public sealed class HttpBindingTests
{
    [Fact]
    public void Of_EveryUnaryCall_IsThere()
    {
        foreach (var method in ApiFiles.Services.SelectMany(service => service.Methods).Where(m => !m.IsClientStreaming && !m.IsServerStreaming))
            Assert.True(HttpBinding.Of(method).Any(), $"{method.FullName} has no google.api.http annotation");
    }

    [Fact]
    public void Of_AllCalls_AreDifferentAndOfOneVersion()
    {
        var bindings = ApiFiles.Services.SelectMany(service => service.Methods).SelectMany(HttpBinding.Of).ToList();
        Assert.Equal(bindings.Count, bindings.Select(b => (b.Verb, b.Path)).Distinct().Count());
        Assert.All(bindings, b => Assert.StartsWith("/v1/", b.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void PathFields_OfATemplate_AreFieldsOfTheRequest()
    {
        foreach (var method in ApiFiles.Services.SelectMany(service => service.Methods))
            foreach (var field in HttpBinding.Of(method).SelectMany(binding => binding.PathFields))
                Assert.NotNull(method.InputType.FindFieldByName(field));
    }
}
