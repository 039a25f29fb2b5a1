using EmbeddingGrpc.EventLog.Appending;
using static EmbeddingGrpc.EventLog.Tests.LogSamples;

namespace EmbeddingGrpc.EventLog.Tests.Appending;

public sealed class BatchValidationTests
{
    public static TheoryData<AppendBatch, string> Bad => new()
    {
        { new AppendBatch([Sample(0), Sample(1) with { UserId = "" }]), "Interaction 1 of the batch: the user id is empty" },
        { new AppendBatch([Sample(0) with { ItemId = null! }]), "Interaction 0 of the batch: the item id is empty" },
        { new AppendBatch([Sample(0) with { ItemId = new string('ä', 129) }]), "the item id has 258 bytes of UTF-8; at most 256" },
        { new AppendBatch([Sample(0) with { UserId = "half \uD800" }]), "the user id is not valid Unicode" },
        { new AppendBatch([Sample(0) with { RecallId = "" }]), "the recall id is empty" },
        { new AppendBatch([Sample(0) with { Type = (InteractionType)32 }]), "type 32 is above 31" },
        { new AppendBatch([Sample(0)], Producer), "0 numbers for 1 interactions" },
        { new AppendBatch([Sample(0), Sample(1)], Producer, [5, 5], 5), "Interaction 1 of the batch: its number 5 is not above the one before it, 5" },
        { new AppendBatch([Sample(0)], Producer, [0], 5), "its number 0 is not above" },
        { new AppendBatch([Sample(0)], Producer, [9], 8), "DoneThrough 8 is below the last number, 9" },
        { new AppendBatch([Sample(0)], null, [1], 1), "need a producer" },
        { new AppendBatch([], new ProducerId("", 1)), "Producer of the batch: the name is empty" },
        { new AppendBatch([], Producer) { Records = [new ItemDeleted("a")] }, "Records have no numbers" },
        { new AppendBatch([]) { Records = [new ItemDeleted("")] }, "Record 0 of the batch: the item id is empty" },
        { new AppendBatch([]) { Records = [new UserErased(new byte[65])] }, "the user's hash has 65 bytes; 1 to 64" },
        { new AppendBatch([]) { Records = [new ItemUpserted("a", new byte[1024 * 1024 + 1])] }, "the attributes have 1048577 bytes" },
        { new AppendBatch([]) { Records = [null!] }, "Record 0 of the batch: it is null" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Check_OfWhatCannotBeStored_SaysWhichAndWhy(AppendBatch batch, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => BatchValidation.Check(batch)).Message, StringComparison.Ordinal);

    [Fact]
    public void Check_OfTheLongestIds_Passes()
    {
        var longest = new string('ä', 128);
        Assert.True(BatchValidation.Check(new AppendBatch([new Interaction(longest, longest, (InteractionType)31, long.MinValue, 0f, longest)])) > 3 * 256);
    }
}
