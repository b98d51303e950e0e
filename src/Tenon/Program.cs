using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Tenon.CloudController.Discovery;
using Tenon.CloudController.Nodes;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Demo;
using Tenon.Kubernetes.Client;
using Tenon.Networks;
using Tenon.NodeCommands;
using Tenon.OpenStack;
using Tenon.Sandboxes;

namespace Tenon;

/// <summary>The command line.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        RootCommand root = CreateRoot();
        ParseResult parsed = root.Parse(args);
        if (parsed is { Errors.Count: > 0, Action: ParseErrorAction } || (parsed.Errors.Count == 0 && Mistakes.NoOptions(parsed).Any()))
        {
            foreach (string mistake in Mistakes.Of(parsed)) Console.Error.WriteLine($"error: {mistake}");
            Console.Error.WriteLine($"See: {CommandLineOf(parsed.CommandResult)} --help");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
            });
        }
        catch (CommandException e)
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            foreach (Problem problem in e.Problems) output.Report(problem);
            output.Error(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (Explain(e) is { } explained)
        {
            new Output(parsed.GetValue(Output.FormatOption)).Error(explained);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>What happened to a command, in a sentence; <see langword="null"/> when it is no failure of cloud, cluster or machine but a mistake of this program.</summary>
    private static string? Explain(Exception failure) => failure switch
    {
        OpenStackException e => CloudFailure.Explain(e).ToSentences(),
        KubernetesException { StatusCode: not null } e => $"The API server refused: {e.Message}",
        KubernetesException e => $"The API server did not answer: {e.Message}",
        CloudReadException or IOException or UnauthorizedAccessException or HttpRequestException => failure.Message,
        _ => null,
    };

    private static string CommandLineOf(SymbolResult? result)
        => result is CommandResult command ? $"{CommandLineOf(command.Parent)} {command.Command.Name}".TrimStart() : "";

    /// <summary>All commands.</summary>
    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand("Tenon joins Kubernetes and OpenStack: machines, zones, load balancers and routes for a cluster on a cloud.")
        {
            Output.FormatOption,
            CheckCommand.Create(),
            CloudControllerCommand.Create("cloud-controller"),
            CloudControllerCommand.Create(CloudControllerCommand.PeerName),
            DemoCommand.Create(),
            GcCommand.Create(),
            NetworkCommand.Create(),
            NodeCommand.Create(),
            PlanCommand.Create(),
            SandboxCommand.Create(),
        };
        var reference = new Command("command-reference", "Writes docs/command-line.md.") { Hidden = true };
        reference.SetAction(_ => Console.Out.Write(CommandReference.Render(root)));
        root.Add(reference);
        ExampleHelp.Install(root.WithExamples(
            "tenon demo",
            "tenon check --cloud-config cloud.conf",
            "tenon plan --cloud-config cloud.conf --kubeconfig ~/.kube/config"));
        return root;
    }
}
