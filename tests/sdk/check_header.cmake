# cmake -DCOMPILER=.. -DSTANDARD=.. -DLANGUAGE=.. -DHEADER=.. -DINCLUDE=.. -P: the header compiles alone, without a warning.
execute_process(
  COMMAND ${COMPILER} -x ${LANGUAGE} -std=${STANDARD} -Wall -Wextra -pedantic -Werror -fsyntax-only -I ${INCLUDE} -include ${HEADER} /dev/null
  RESULT_VARIABLE failed ERROR_VARIABLE output)
if(failed)
  message(FATAL_ERROR "${HEADER} as ${STANDARD} with ${COMPILER}:\n${output}")
endif()
