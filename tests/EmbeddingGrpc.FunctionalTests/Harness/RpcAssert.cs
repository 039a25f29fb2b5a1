using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>A refused call is a precise one: its code, and the detail that names the thing at fault.</summary>
internal static class RpcAssert
{
    /// <summary>INVALID_ARGUMENT with a violation of exactly this field.</summary>
    public static async Task<BadRequest.Types.FieldViolation> InvalidAsync(string field, Func<Task> call)
    {
        var error = await FailsAsync(StatusCode.InvalidArgument, call);
        var details = error.GetRpcStatus()?.GetDetail<BadRequest>();
        Assert.NotNull(details);
        return Assert.Single(details.FieldViolations, v => v.Field == field);
    }

    /// <summary>NOT_FOUND that names the resource.</summary>
    public static async Task NotFoundAsync(string type, string name, Func<Task> call)
    {
        var error = await FailsAsync(StatusCode.NotFound, call);
        var details = error.GetRpcStatus()?.GetDetail<ResourceInfo>();
        Assert.NotNull(details);
        Assert.Equal((type, name), (details.ResourceType, details.ResourceName));
        Assert.Contains(name, error.Status.Detail, StringComparison.Ordinal);
    }

    /// <summary>A status with an <see cref="ErrorInfo"/> of this reason.</summary>
    public static async Task<RpcException> ReasonAsync(StatusCode code, string reason, Func<Task> call)
    {
        var error = await FailsAsync(code, call);
        Assert.Equal(reason, error.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
        return error;
    }

    public static async Task<RpcException> FailsAsync(StatusCode code, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(call);
        Assert.True(error.StatusCode == code, $"{error.StatusCode} instead of {code}: {error.Status.Detail}");
        return error;
    }
}
