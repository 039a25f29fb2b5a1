using CsCheck;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Tests.Catalog;

public sealed class AttributeCodecTests
{
    [Fact]
    public void Decode_WhatWasEncoded_IsTheSame() =>
        AttributeSamples.Attributes.Sample(
            attributes =>
            {
                var encoded = AttributeCodec.Encode(attributes);
                Assert.Equal(attributes.OrderBy(one => one.Key, StringComparer.Ordinal), AttributeCodec.Decode(encoded));
                Assert.Equal(encoded, AttributeCodec.Encode(attributes.Reverse().ToDictionary()));
            },
            iter: 200);

    [Fact]
    public void Decode_ExtremeValues_AreKept()
    {
        var attributes = new Dictionary<string, AttributeValue>
        {
            ["empty"] = AttributeValue.Of(""),
            ["long"] = AttributeValue.Of(new string('ü', 2000)),
            ["none"] = AttributeValue.Of(Array.Empty<string>()),
            ["repeated"] = AttributeValue.Of(["b", "a", "b"]),
            ["tiny"] = AttributeValue.Of(double.Epsilon),
            ["first"] = AttributeValue.Of(DateTimeOffset.MinValue),
            ["last"] = AttributeValue.Of(DateTimeOffset.MaxValue),
        };

        var decoded = AttributeCodec.Decode(AttributeCodec.Encode(attributes));

        Assert.Equal(attributes.OrderBy(one => one.Key, StringComparer.Ordinal), decoded);
        Assert.Equal(["a", "b"], decoded["repeated"].TextSet);
    }

    [Fact]
    public void Decode_DamagedBytes_AreRefusedAndNothingElse() =>
        Gen.Select(AttributeSamples.Attributes, Gen.Byte.Array[0, 40], Gen.Int[0, 200]).Sample(
            (attributes, noise, at) =>
            {
                var bytes = AttributeCodec.Encode(attributes);
                noise.AsSpan(0, Math.Min(noise.Length, Math.Max(0, bytes.Length - at))).CopyTo(bytes.AsSpan(Math.Min(at, bytes.Length)));
                try
                {
                    AttributeCodec.Decode(bytes.AsMemory(0, Math.Max(0, bytes.Length - (at % 3))));
                }
                catch (InvalidDataException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            },
            iter: 2000);

    [Fact]
    public void Decode_NewerVersion_SaysSo()
    {
        var bytes = AttributeCodec.Encode(AttributeCodec.None);
        bytes[0] = 9;
        Assert.Contains("version 9", Assert.Throws<InvalidDataException>(() => AttributeCodec.Decode(bytes)).Message, StringComparison.Ordinal);
    }
}
