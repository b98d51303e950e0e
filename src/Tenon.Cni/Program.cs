using System.Text;
using System.Text.Json;
using Tenon.Nodes.Cni;

namespace Tenon.Cni;

/// <summary>
/// The CNI plugin (specification 1.1): hands the runtime's call to the node's agent and its answer back. Whatever can be known without the agent
/// (VERSION, that there is none) it answers itself.
/// </summary>
internal static class Program
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int CodeInvalidEnvironment = 4;
    private const int CodeIo = 5;
    private const int CodeDecoding = 6;
    private const int CodeTryAgainLater = 11;
    private const int CodeNotAvailable = 50;

    private static int Main()
    {
        string command = Environment.GetEnvironmentVariable("CNI_COMMAND") ?? "";
        byte[]? input = Descriptors.ReadAll(Descriptors.StandardInput, CniWire.LargestCall);
        if (input is null) return Fail("1.0.0", CodeIo, "the network configuration on standard input could not be read, or is too large");
        if (command.Length == 0) return Fail("1.0.0", CodeInvalidEnvironment, "CNI_COMMAND is missing: this is a CNI plugin, which a container runtime calls");
        if (!Configuration.TryRead(input, out Configuration configuration))
            return Fail("1.0.0", CodeDecoding, "the network configuration on standard input is missing or no JSON object");
        if (command == "VERSION") return Print(Success, Versions(configuration.Version));

        string socket = configuration.Socket ?? CniWire.DefaultSocket;
        Reply reply = Exchange.Call(socket, Call(input));
        if (reply.Failure is null) return Print(reply.ExitCode, reply.Output);
        int code = command == "STATUS" ? CodeNotAvailable : CodeTryAgainLater;
        return Fail(configuration.Version, code, $"Tenon's agent does not answer at {socket}: {reply.Failure}; see whether its pod runs on this node");
    }

    /// <summary>The call, as <see cref="CniWire"/> says.</summary>
    private static byte[] Call(byte[] input)
    {
        var head = new StringBuilder(CniWire.Greeting).Append('\0');
        foreach (string name in CniWire.Variables)
            if (Environment.GetEnvironmentVariable(name) is { } value) head.Append(name).Append('=').Append(value).Append('\0');
        return [.. Encoding.UTF8.GetBytes(head.Append('\0').ToString()), .. input];
    }

    private static byte[] Versions(string version)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("cniVersion"u8, version);
            json.WriteStartArray("supportedVersions"u8);
            foreach (string supported in CniWire.Versions) json.WriteStringValue(supported);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static int Fail(string version, int code, string message)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("cniVersion"u8, version);
            json.WriteNumber("code"u8, code);
            json.WriteString("msg"u8, message);
            json.WriteEndObject();
        }

        return Print(Failure, stream.ToArray());
    }

    private static int Print(int exitCode, ReadOnlySpan<byte> output)
        => output.IsEmpty || Descriptors.WriteAll(Descriptors.StandardOutput, output) ? exitCode : Failure;
}

/// <summary>What the plugin itself reads of the network configuration.</summary>
internal readonly record struct Configuration(string Version, string? Socket)
{
    /// <summary>Reads it; whether it is a JSON object.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, out Configuration configuration)
    {
        string version = "1.0.0";
        string? socket = null;
        configuration = new(version, socket);
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName) continue;
                bool isVersion = reader.ValueTextEquals("cniVersion"u8), isSocket = reader.ValueTextEquals("socket"u8);
                reader.Read();
                if (isVersion && reader.TokenType == JsonTokenType.String) version = reader.GetString() ?? version;
                if (isSocket && reader.TokenType == JsonTokenType.String) socket = reader.GetString();
            }
        }
        catch (JsonException)
        {
            return false;
        }

        configuration = new(version, socket);
        return true;
    }
}
