using System.Text.RegularExpressions;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>What every command promises about itself.</summary>
[Trait("tier", "slow")]
public sealed partial class CommandLineTests
{
    private const int Limit = 60_000;

    public static TheoryData<string> Commands() => new(Pages().Prepend(""));

    [Fact(Timeout = Limit)]
    public async Task The_page_of_the_command_line_is_what_the_commands_say()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(Tool.Repository, "docs", "command-line.md"), TestContext.Current.CancellationToken);
        (await Tool.TenonAsync("command-reference")).ShouldEndWith(0).Output.ShouldBe(page, "write it anew: tenon command-reference >docs/command-line.md");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Commands))]
    public async Task Help_ends_with_examples(string command)
    {
        Ended ended = (await Tool.TenonAsync([.. Words(command), "--help"])).ShouldEndWith(0);
        ended.Errors.ShouldBeEmpty();
        string[] parts = ended.Output.Split("Examples:\n");
        parts.Length.ShouldBe(2, ended.Output);
        parts[1].ShouldContain("tenon ");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Commands))]
    public async Task An_unknown_option_is_refused_in_a_line(string command)
    {
        Ended ended = (await Tool.TenonAsync([.. Words(command), "--no-such-option"])).ShouldEndWith(2);
        ended.Output.ShouldBeEmpty();
        string[] lines = ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Count(l => l.StartsWith("error: ", StringComparison.Ordinal)).ShouldBe(1, ended.Errors);
        lines[0].ShouldContain("--no-such-option");
        lines[1..].ShouldBe([$"See: {$"tenon {command}".TrimEnd()} --help"]);
    }

    /// <summary>What people mistype, and the words that the one line about it must hold.</summary>
    public static TheoryData<string, string> Mistyped => new()
    {
        { "", "give a command: check, " },
        { "chekc", "no command \"chekc\"" },
        { "sandbox", "give a command: up, " },
        { "check --output yaml", "--output \"yaml\": write table or json" },
        { "cloud-controller --v loud", "--v \"loud\": write a whole number" },
        { "cloud-controller --secure-port 70000", "--secure-port \"70000\": write a number from 0 to 65535" },
        { "cloud-controller --concurrent-node-syncs 0", "at least 1" },
        { "cloud-controller --bind-address here", "--bind-address \"here\" is not an IP address" },
        { "cloud-controller --service-resync-period soon", "--service-resync-period \"soon\" is not a duration" },
        { "cloud-controller --leader-elect-lease-duration 5s", "longer than --leader-elect-renew-deadline 10s" },
        { "cloud-controller --leader-elect-renew-deadline 2s", "--leader-elect-retry-period 2s" },
        { "cloud-controller --controllers nodes", "no controller \"nodes\"" },
        { "cloud-controller --cloud-provider aws", "only openstack" },
        { "cloud-controller --tls-cert-file x.pem", "--tls-private-key-file" },
        { "/bin/openstack-cloud-controller-manager --controllers nodes", "no controller \"nodes\"" },
        { "check", "give --cloud-config FILE, or set OS_CLOUD" },
        { "plan --cloud-config /nowhere.conf", "--cloud-config \"/nowhere.conf\"" },
        { "sandbox up --nodes -1", "--nodes is -1" },
    };

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Mistyped))]
    public async Task A_mistake_is_told_in_the_words_of_whoever_made_it(string command, string says)
    {
        Ended ended = (await Tool.TenonAsync(Words(command))).ShouldEndWith(2);
        ended.Output.ShouldBeEmpty();
        ended.Errors.ShouldContain(says);
        foreach (string never in new[] { "   at ", "System.", "Tenon.", "Parameter" }) ended.Errors.ShouldNotContain(never);
    }

    [Theory(Timeout = Limit)]
    [InlineData("check")]
    [InlineData("plan --cluster-cidr 10.150.0.0/16")]
    [InlineData("gc")]
    public async Task What_a_terminal_shows_fits_its_80_columns_and_a_pipe_gets_no_colours(string command)
    {
        Tool.Require("script", "bsdutils");
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "2");
        (await world.TryKubectlAsync(null, "create", "service", "loadbalancer", "web", "--tcp=80")).ShouldEndWith(0);
        string all = $"{command} --cloud-config {world.CloudConf} --kubeconfig {world.Kubeconfig}";
        Ended seen = (await Tool.RunAsync("script", ["-qec", $"stty cols 80; '{Tool.Tenon}' {all}", "/dev/null"], new Dictionary<string, string> { ["TERM"] = "xterm-256color" })).ShouldEndWith(0);
        string[] lines = [.. seen.Output.Split('\n').Select(l => Escapes().Replace(l, "").TrimEnd('\r'))];
        lines.Length.ShouldBeGreaterThan(1);
        lines.ShouldAllBe(l => l.Length <= 80);
        lines.ShouldAllBe(l => l.TrimEnd() == l);

        Ended piped = (await Tool.TenonAsync(Words(all))).ShouldEndWith(0);
        piped.Output.ShouldNotContain("\u001b");
        piped.Output.Split('\n').ShouldAllBe(l => l.TrimEnd() == l);
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]")]
    private static partial Regex Escapes();

    private static string[] Words(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The commands, as the page names them; that the page is complete is another test.</summary>
    private static IEnumerable<string> Pages()
        => File.ReadLines(Path.Combine(Tool.Repository, "docs", "command-line.md"))
            .Where(l => l.StartsWith("## tenon ", StringComparison.Ordinal))
            .Select(l => l["## tenon ".Length..]);
}
