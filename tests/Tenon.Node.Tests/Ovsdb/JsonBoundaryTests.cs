using System.Buffers;
using System.Text;
using Tenon.Nodes.Ovsdb;

namespace Tenon.Nodes.Tests.Ovsdb;

public sealed class JsonBoundaryTests
{
    private static readonly string[] Messages = ["""{"id":null,"method":"echo","params":[]}""", """{"a":"}{\"][ \\"}""", """{"a":[{},[1,{"b":"ü"}]]}"""];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Messages_are_told_apart_in_whatever_pieces_they_come(int piece)
    {
        byte[] stream = Encoding.UTF8.GetBytes(string.Join("\n", Messages));
        var boundary = new JsonBoundary();
        var found = new List<string>();
        var pending = new List<byte>();
        foreach (byte[] chunk in stream.Chunk(piece))
        {
            pending.AddRange(chunk);
            while (boundary.Next(new ReadOnlySequence<byte>([.. pending])) is { } length)
            {
                found.Add(Encoding.UTF8.GetString([.. pending.Take((int)length)]).Trim());
                pending.RemoveRange(0, (int)length);
            }
        }

        found.ShouldBe(Messages);
        pending.ShouldBeEmpty();
    }

    [Fact]
    public void What_begins_otherwise_is_refused()
        => Should.Throw<OvsdbException>(() => new JsonBoundary().Next(new ReadOnlySequence<byte>("HTTP/1.1"u8.ToArray()))).Message.ShouldContain("no JSON object");
}
