using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Nodes.Agent;
using Tenon.Nodes.Cni;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Cni;

/// <summary>The plugin and its protocol, without a network: what is malformed is told by the specification's codes.</summary>
public sealed class PluginTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tn-").FullName;

    private string Socket => Path.Combine(_folder, "cni.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task VERSION_needs_no_agent()
    {
        CniAnswer answer = (await new CniPlugin(Socket).CallAsync("VERSION", new Dictionary<string, string>())).ShouldSucceed();
        answer.Output!.ToJsonString().ShouldBe("""{"cniVersion":"1.1.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}""");
    }

    [Theory]
    [InlineData("ADD", CniError.TryAgainLater)]
    [InlineData("DEL", CniError.TryAgainLater)]
    [InlineData("STATUS", CniError.NotAvailable)]
    public async Task An_agent_that_is_not_there_is_named(string command, int code)
    {
        CniAnswer answer = (await new CniPlugin(Socket).CallAsync(command, new Dictionary<string, string>())).ShouldFail(code);
        answer.Message.ShouldContain(Socket);
        answer.Message.ShouldContain("No such file");
        answer.Output!["cniVersion"]!.ToString().ShouldBe("1.1.0");
    }

    [Theory]
    [InlineData("", "{}", CniError.InvalidEnvironment, "CNI_COMMAND")]
    [InlineData("ADD", "", CniError.Decoding, "standard input")]
    [InlineData("ADD", "[1]", CniError.Decoding, "standard input")]
    [InlineData("ADD", "{\"cniVersion\":", CniError.Decoding, "standard input")]
    public async Task What_is_no_call_is_refused(string command, string input, int code, string named)
        => (await CniPlugin.CallAsync(command.Length == 0 ? new Dictionary<string, string>() : new() { ["CNI_COMMAND"] = command }, input)).ShouldFail(code).Message.ShouldContain(named);

    [Theory]
    [InlineData("JUMP", "", "1.1.0", CniError.InvalidEnvironment, "CNI_COMMAND \"JUMP\"")]
    [InlineData("ADD", "CNI_CONTAINERID=../x", "1.1.0", CniError.InvalidEnvironment, "CNI_CONTAINERID")]
    [InlineData("ADD", "CNI_CONTAINERID=", "1.1.0", CniError.InvalidEnvironment, "CNI_CONTAINERID")]
    [InlineData("ADD", "CNI_IFNAME=a-name-that-is-far-too-long", "1.1.0", CniError.InvalidEnvironment, "CNI_IFNAME")]
    [InlineData("ADD", "CNI_NETNS=", "1.1.0", CniError.InvalidEnvironment, "CNI_NETNS")]
    [InlineData("ADD", "CNI_NETNS=/proc/self/status", "1.1.0", CniError.UnknownContainer, "/proc/self/status")]
    [InlineData("ADD", "CNI_ARGS=K8S_POD_NAME=x", "1.1.0", CniError.InvalidEnvironment, "K8S_POD_NAMESPACE")]
    [InlineData("ADD", "CNI_ARGS=rubbish", "1.1.0", CniError.InvalidEnvironment, "CNI_ARGS")]
    [InlineData("ADD", "", "2.0.0", CniError.IncompatibleVersion, "2.0.0")]
    [InlineData("CHECK", "", "0.3.1", CniError.IncompatibleVersion, "CHECK")]
    [InlineData("CHECK", "", "1.0.0", CniError.InvalidConfiguration, "prevResult")]
    [InlineData("GC", "", "1.0.0", CniError.IncompatibleVersion, "GC")]
    [InlineData("GC", "", "1.1.0", CniError.InvalidConfiguration, "cni.dev/valid-attachments")]
    public async Task What_the_specification_forbids_is_refused_by_its_code(string command, string change, string version, int code, string named)
    {
        var variables = new Dictionary<string, string>
        {
            ["CNI_CONTAINERID"] = "c1", ["CNI_NETNS"] = "/run/netns/there-is-none", ["CNI_IFNAME"] = "eth0", ["CNI_ARGS"] = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
        };
        if (change.Length > 0) variables[change[..change.IndexOf('=', StringComparison.Ordinal)]] = change[(change.IndexOf('=', StringComparison.Ordinal) + 1)..];
        CniService service = Service();
        await ServedAsync(service.AnswerAsync, async () =>
        {
            CniAnswer answer = (await new CniPlugin(Socket).CallAsync(command, variables, version: version)).ShouldFail(code);
            answer.Message.ShouldContain(named);
        });
    }

    [Fact]
    public async Task CHECK_is_to_be_tried_again_while_nobody_knows_what_ports_there_are()
    {
        var variables = new Dictionary<string, string>
        {
            ["CNI_CONTAINERID"] = "c1", ["CNI_NETNS"] = "/proc/self/ns/net", ["CNI_IFNAME"] = "eth0", ["CNI_ARGS"] = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
        };
        CniService service = Service(portsAreKnown: false);
        await ServedAsync(service.AnswerAsync, async () => (await new CniPlugin(Socket).CallAsync("CHECK", variables, c => c["prevResult"] = new JsonObject()))
            .ShouldFail(CniError.TryAgainLater).Message.ShouldContain("API server"));
    }

    [Fact]
    public async Task The_socket_is_roots_alone_and_served_by_one_agent()
    {
        await ServedAsync((_, _) => Task.FromResult(new CniReply(0, null)), () =>
        {
            File.GetUnixFileMode(Socket).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using CniServer second = Server((_, _) => Task.FromResult(new CniReply(0, null)));
            Should.Throw<IOException>(second.Listen).Message.ShouldContain("another agent");
            return Task.CompletedTask;
        });
        // The socket of an agent that has ended is taken over.
        await ServedAsync((_, _) => Task.FromResult(new CniReply(0, null)), () => Task.CompletedTask);
    }

    [Fact]
    public async Task A_call_that_is_too_large_or_no_call_gets_an_error_and_the_next_is_served()
    {
        await ServedAsync((request, _) => Task.FromResult(new CniReply(0, new JsonObject { ["was"] = request.Command })), async () =>
        {
            // What nobody reads resets the connection, at times before the error is out.
            (await RawAsync(new byte[CniWire.LargestCall + 1])).ShouldNotStartWith("0");
            (await RawAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray())).ShouldContain("the call is no tenon-cni/1");
            (await RawAsync("tenon-cni/1\0CNI_COMMAND=STATUS\0\0{}"u8.ToArray())).ShouldBe("0\n{\"was\":\"STATUS\"}");
        });
    }

    [Fact]
    public void The_plugin_and_its_configuration_are_installed_once_and_again_when_they_change()
    {
        string plugin = Path.Combine(_folder, "plugin"), bin = Path.Combine(_folder, "bin"), conf = Path.Combine(_folder, "net.d");
        File.WriteAllText(plugin, "first");
        var installer = new Installer(plugin, bin, conf, Socket, []);
        installer.Install().ShouldBe([Path.Combine(bin, "tenon-cni"), Path.Combine(conf, "10-tenon.conflist")]);
        installer.Install().ShouldBeEmpty();
        File.GetUnixFileMode(Path.Combine(bin, "tenon-cni")).HasFlag(UnixFileMode.OtherExecute).ShouldBeTrue();
        JsonNode list = JsonNode.Parse(File.ReadAllText(Path.Combine(conf, "10-tenon.conflist")))!;
        list["plugins"]![0]!["type"]!.ToString().ShouldBe("tenon-cni");
        list["plugins"]![0]!["socket"]!.ToString().ShouldBe(Socket);
        list["plugins"]!.AsArray().Count.ShouldBe(1);

        File.WriteAllText(plugin, "second");
        File.Delete(Path.Combine(conf, "10-tenon.conflist"));
        installer.Install().Count.ShouldBe(2);
        File.ReadAllText(Path.Combine(bin, "tenon-cni")).ShouldBe("second");
        Directory.EnumerateFileSystemEntries(bin).Concat(Directory.EnumerateFileSystemEntries(conf)).Count().ShouldBe(2);
    }

    [Fact]
    public void A_chain_follows_the_plugin_and_one_that_is_wrong_is_refused_with_all_its_problems()
    {
        IReadOnlyList<JsonObject> chain = CniChain.Parse("""[{"type": "portmap", "capabilities": {"portMappings": true}, "masqAll": true}, {"type": "tuning"}]""");
        JsonNode list = JsonNode.Parse(new Installer("", "", "", Socket, chain).Configuration())!;
        list["plugins"]!.AsArray().Select(p => p!["type"]!.ToString()).ShouldBe(["tenon-cni", "portmap", "tuning"]);
        list["plugins"]![1]!["capabilities"]!["portMappings"]!.GetValue<bool>().ShouldBeTrue();

        Should.Throw<FormatException>(() => CniChain.Parse("{}")).Message.ShouldContain("no JSON array");
        Should.Throw<FormatException>(() => CniChain.Parse("[")).Message.ShouldContain("no JSON:");
        string problems = Should.Throw<FormatException>(() => CniChain.Parse("""[1, {"type": "portmap"}, {"name": "x"}, {"type": 7}, {"type": "../x"}, {"type": "tenon-cni"}, null]""")).Message;
        foreach (string problem in new[] { "[0] is no object", "[2] has no \"type\"", "[3] has no \"type\"", "[4] has the type", "[5] is tenon-cni", "[6] is no object" }) problems.ShouldContain(problem);
        problems.ShouldNotContain("[1]");
    }

    private static CniService Service(bool portsAreKnown = true) => new(new NoPorts { AreKnown = portsAreKnown }, null!, _ => Task.FromResult<string?>(null), TimeSpan.FromSeconds(1), TimeProvider.System, NullLogger<CniService>.Instance);

    private CniServer Server(Func<CniRequest, CancellationToken, Task<CniReply>> answer) => new(Socket, answer, TimeProvider.System, NullLogger<CniServer>.Instance);

    private async Task ServedAsync(Func<CniRequest, CancellationToken, Task<CniReply>> answer, Func<Task> work)
    {
        using CniServer server = Server(answer);
        using Socket listener = server.Listen();
        using CancellationTokenSource stop = Limits.Bounded();
        Task running = server.RunAsync(listener, stop.Token);
        await work();
        await stop.CancelAsync();
        await running.InTime();
    }

    private async Task<string> RawAsync(byte[] call)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), Limits.Token);
        try
        {
            await socket.SendAsync(call, Limits.Token);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The server may have answered and closed before all was sent.
        }

        var answer = new MemoryStream();
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Limits.Token) is > 0 and var count) answer.Write(buffer, 0, count);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "reset";
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    private sealed class NoPorts : IPodPorts
    {
        public bool AreKnown { get; init; } = true;

        public Network.Contracts.PodPort? Find(Core.NamespacedName pod, string podUid) => null;

        public Task<Network.Contracts.PodPort> WaitAsync(Core.NamespacedName pod, string podUid, CancellationToken cancellationToken)
            => Task.FromException<Network.Contracts.PodPort>(new OperationCanceledException());
    }
}
